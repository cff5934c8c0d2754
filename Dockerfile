# The executable is cross-built, so that a build for another processor needs no emulation.
FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS build
WORKDIR /build
COPY package.json bun.lock ./
RUN npx -y bun@1.4.5 install --frozen-lockfile --production
COPY tsconfig.json ./
COPY test/build.ts test/build.ts
COPY src src
ARG TARGETARCH
RUN set -eu; \
    case "$TARGETARCH" in amd64) name=weir-linux-x64 ;; *) name="weir-linux-$TARGETARCH" ;; esac; \
    node_modules/.bin/bun test/build.ts "$name"; \
    mkdir -p image/data; \
    mv "dist/$name" image/weir

# The executable is linked against glibc and nothing else; this image is glibc and time zones, without
# a shell or a package manager to break into.
FROM gcr.io/distroless/base-nossl-debian12:nonroot
COPY --from=build /build/image/weir /weir
COPY --from=build --chown=65532:65532 /build/image/data /data
USER 65532:65532
# weir.yaml is looked for here; without one the demo channel is served.
WORKDIR /data
ENV WEIR_DATA=/data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/weir", "healthcheck"]
ENTRYPOINT ["/weir"]
