FROM scratch AS base
ARG inbase=1
ENV e=base
LABEL l=base m=base
CMD ["from", "base"]
USER base
HEALTHCHECK CMD ["check"]
FROM base AS entry
ENV f=$inbase$e
ENTRYPOINT ["entry"]
LABEL l=entry
HEALTHCHECK NONE
FROM entry
CMD []
ENTRYPOINT []
