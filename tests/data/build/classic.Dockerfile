# a comment
ARG VERSION=12
FROM --platform=linux/amd64 debian:$VERSION AS base

maintainer Jane Doe <jane@example.org>
ENV one=1 two="two words" three=th\ ree \
    four='f $o ur'
ENV old style value
LABEL "with space"="a b" plain=x
ARG A B=b "C=c d"
RUN apt-get update && \
    # in between
    apt-get install -y gcc
RUN ["/bin/echo", "exec \u00e9 form"]
COPY --from=0 --chown=1000:1000 --chmod=0644 a.c b.c /src/
COPY ["with space", "/dst dir/"]
ADD x.tar.gz /
WORKDIR /srv/with space
USER app:app
EXPOSE 80 443/tcp 8000-8010/udp
VOLUME /data /more
VOLUME ["/json"]
SHELL ["/bin/bash", "-c"]
HEALTHCHECK --interval=5s --retries=3 CMD curl -f http://localhost/
HEALTHCHECK CMD ["/check", "me"]
HEALTHCHECK NONE
STOPSIGNAL SIGQUIT
ONBUILD COPY . /app
ENTRYPOINT ["/entry"]
CMD run me
CMD []
