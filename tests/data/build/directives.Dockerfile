# syntax=docker/dockerfile:1
#  Escape = `
# check=skip=all
# unknown=1
# escape=\
FROM scratch
RUN dir `
  c:\
ENV a=b`"c
