FROM scratch
CMD ["a", "b"]
CMD [ 'a', 'b' ]
CMD ["a", 1]
CMD ["a", ["b"]]
CMD ["a"
CMD ["a"] more
RUN [ -f /x ]
VOLUME [/a, /b]
COPY ["a", "b"
