# Countersign in a small image: `docker build -t countersign .`, or `docker compose up` for everything together.
# The lock file names every dependency with its hash; nothing else is installed.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/countersign
WORKDIR /build
COPY requirements.lock ./
RUN /opt/countersign/bin/pip install --quiet --require-hashes -r requirements.lock
COPY pyproject.toml README.md manifest.yml ./
COPY bot bot
COPY handlers handlers
COPY policy policy
COPY storage storage
RUN /opt/countersign/bin/pip install --quiet --no-deps --no-build-isolation . \
 && /opt/countersign/bin/python -m compileall -q /opt/countersign/lib

FROM python:3.12-slim
ENV PATH=/opt/countersign/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --home-dir /var/lib/countersign --create-home --shell /usr/sbin/nologin countersign
COPY --from=build /opt/countersign /opt/countersign
USER countersign
WORKDIR /var/lib/countersign
VOLUME /var/lib/countersign
ENV COUNTERSIGN_HOST=0.0.0.0 COUNTERSIGN_PORT=8080 COUNTERSIGN_DATABASE_URL=sqlite:////var/lib/countersign/countersign.db
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["countersign", "healthy"]
ENTRYPOINT ["countersign"]
CMD ["serve"]
