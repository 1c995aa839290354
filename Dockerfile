# Chorus in a container: `docker build -t chorus --build-arg COMMIT="$(git rev-parse HEAD)" .`
# The image holds the executable, a C library and nothing that it was built with. It runs as nobody in particular, keeps
# nothing on disk, and can be run with --read-only --cap-drop ALL.

FROM oven/bun:1.4.5 AS build
WORKDIR /build
COPY package.json bun.lock bunfig.toml ./
RUN ["bun", "install", "--frozen-lockfile", "--production", "--no-progress"]
COPY src ./src
# There is no clone in here to ask.
ARG COMMIT=
RUN ["bun", "src/cli/build.ts", "/build/chorus"]

FROM debian:12-slim
COPY --from=build /build/chorus /usr/local/bin/chorus
USER 7400:7400
WORKDIR /
# Loopback would reach nobody outside. Links and --http stay on loopback until they are told otherwise.
ENV CHORUS_CLIENTS=0.0.0.0:7400
EXPOSE 7400
STOPSIGNAL SIGTERM
# By the same variables that the server has; where flags set --http, they have to be here too.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["chorus", "server", "health"]
ENTRYPOINT ["chorus"]
CMD ["server"]
