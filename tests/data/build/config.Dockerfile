ARG global=g
FROM scratch
MAINTAINER Jane Doe
ARG given=default
ARG global
ARG other=o-$given
ENV one=1 two="two $one" given2=$given
ENV one=changed three=$one old=${two%one*}
ENV path style value with $three
LABEL a=$given "b c"="d e"
LABEL a=again
EXPOSE 80 443/TCP 8000-8002/udp 80/tcp
EXPOSE ${global:+9000} 1:2
VOLUME /data /more
VOLUME ["/data", "/z"]
USER app:${given:+grp}
WORKDIR /srv
WORKDIR $one
STOPSIGNAL SIGQUIT
SHELL ["/bin/bash", "-ec"]
CMD start "$one"
ENTRYPOINT exec me
HEALTHCHECK --interval=1m30s --timeout=5s --start-period=2s --start-interval=1s --retries=4 CMD curl -f x
ONBUILD RUN echo $HOME
ONBUILD COPY . .
