# In the place of the stages of deploy/Dockerfile that compile, when --binary gives the program.
FROM toolchain AS build
COPY sentinel /sentinel
