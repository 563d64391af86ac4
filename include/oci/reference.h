/*
 * reference.h - image names: [host/]path[:tag][@digest], and the transports that name files.
 *
 * Spec   distribution/reference grammar. FEATURES I1, I2: never prompts; one documented default
 *        host ("docker.io"), "library/" added to one-part names there.
 */
#ifndef OCI_REFERENCE_H
#define OCI_REFERENCE_H

#include "oci/digest.h"

enum transport {
	TRANSPORT_NONE,		  /* a name in the store, or at a registry */
	TRANSPORT_OCI,		  /* oci:DIR[:REF] */
	TRANSPORT_OCI_ARCHIVE,	  /* oci-archive:FILE[:REF] */
	TRANSPORT_DOCKER_ARCHIVE, /* docker-archive:FILE[:REF] */
};
struct reference {
	enum transport transport;
	char *path; /* of a transport */
	char *host; /* "docker.io", "localhost:5000", or "localhost" for our own short names */
	char *repository;
	char *tag;	      /* NULL: none given; of a transport: REF as it was written */
	struct digest digest; /* unset: none given */
	char *text;	      /* what the user typed */
};
void reference_done(struct reference *r);
/* ERR_INVALID, ERR_LIMIT. A bare 64-hex name is refused. Transports are recognised here. */
int reference_parse(const char *text, struct reference *r, struct error *err);
/* "host/repository:tag[@digest]", with the default tag "latest" when neither is given. Yours. */
char *reference_name(const struct reference *r);
/* as docker shows it: docker.io/library/x:latest is "x:latest" */
char *reference_familiar(const char *name);
/* the same without tag and digest ("x"), and the tag alone ("latest" or "<none>"): yours */
char *reference_familiar_repository(const char *name);
char *reference_tag(const char *name);

#endif
