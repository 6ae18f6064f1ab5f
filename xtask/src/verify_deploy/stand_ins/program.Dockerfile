# In front of the last stage of deploy/Dockerfile, in the place of its others, when --binary gives the program.
FROM rust:1.95-bookworm AS build
COPY sentinel /sentinel
