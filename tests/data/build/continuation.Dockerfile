FROM scratch
   RUN   first\
   indented
RUN a \ 


  b
RUN two\\
RUN x \
#gone
   # gone too
  y
CMD last \
