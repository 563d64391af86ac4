/*
 * home.h - the user's home directory, as it is outside of any namespace of ours.
 */
#ifndef UTIL_HOME_H
#define UTIL_HOME_H

/*
 * HOME when it is an absolute path, else what the password database has for who started us, also
 * when we are root of a user namespace by now. NULL: there is none. Yours.
 */
char *home_path(void);

#endif
