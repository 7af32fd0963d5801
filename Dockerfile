# The service as a container, from the jar that `mvn package` has made:
#
#   mvn package -DskipTests && docker build -t cowshed .
#   docker run --read-only --tmpfs /tmp -v cowshed-data:/data -v /srv/images:/volume -p 127.0.0.1:8080:8080 cowshed
#
# It runs as uid and gid 10001, which must be able to write to /data and /volume, and writes to nothing else but /tmp.
# With buildah or podman: `--format docker`, which keeps the health check.

FROM docker.io/library/eclipse-temurin:25-jdk AS layers
WORKDIR /build
COPY target/cowshed-*.jar cowshed.jar
RUN java -Djarmode=tools -jar cowshed.jar extract --layers --destination layers
# Would be unpacked to /tmp at run time, from where nothing can be loaded where it is mounted noexec, as Docker does.
RUN mkdir zstd && cd zstd && jar --extract --file "$(ls ../layers/dependencies/lib/zstd-jni-*.jar)" linux \
 && case $(uname -m) in x86_64) arch=amd64 ;; *) arch=$(uname -m) ;; esac \
 && mv linux/$arch/libzstd-jni-*.so ../libzstd-jni.so

FROM docker.io/library/eclipse-temurin:25-jre
RUN groupadd --gid 10001 cowshed \
 && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin cowshed \
 && install --directory --owner=10001 --group=10001 --mode=0750 /data \
 && install --directory --owner=10001 --group=10001 --mode=0770 /volume
WORKDIR /app
# What changes least comes first, so that an upgrade of the service loads its own few megabytes only.
COPY --from=layers /build/layers/dependencies/ ./
COPY --from=layers /build/libzstd-jni.so ./
COPY --from=layers /build/layers/snapshot-dependencies/ ./
COPY --from=layers /build/layers/application/ ./
# A heap that begins small and grows as it is needed: a 64th of a large machine would be filled before anything is collected.
# The classes that a start needs, loaded and linked beforehand: by the same Java, with the same options, from the same files.
RUN printf '%s\n' \
      --enable-native-access=ALL-UNNAMED \
      -XX:+UseSerialGC \
      -Xms48m \
      -XX:MaxRAMPercentage=50 \
      -XX:+UseCompactObjectHeaders \
      -XX:+ExitOnOutOfMemoryError \
      -XX:-UsePerfData \
      -DZstdNativePath=/app/libzstd-jni.so > java.options \
 && java @java.options -XX:AOTCacheOutput=cowshed.aot -Dspring.context.exit=onRefresh -jar cowshed.jar \
      --cowshed.data-dir=/tmp/training \
 && rm -rf /tmp/*

ENV COWSHED_DATA_DIR=/data \
    COWSHED_VOLUME=/volume \
    SERVER_ADDRESS=0.0.0.0 \
    SERVER_PORT=8080 \
    LOGGING_STRUCTURED_FORMAT_CONSOLE=ecs
USER 10001:10001
VOLUME ["/data", "/volume"]
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/$SERVER_PORT && printf 'GET /actuator/health/readiness HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200'"]
ENTRYPOINT ["java", "@/app/java.options", "-XX:AOTCache=/app/cowshed.aot", "-jar", "/app/cowshed.jar"]

ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Cowshed" \
      org.opencontainers.image.description="Keeps a fleet of VM disk images, and the copy-on-write graph between them" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
