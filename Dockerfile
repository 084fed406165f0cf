FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

RUN useradd --create-home --uid 1000 facerec \
    && mkdir data video \
    && chown facerec:facerec data video
COPY config/ config/
COPY src/ src/
COPY server.py ./

USER facerec
# Inside the container the service must be reachable from its host; docker-compose.yml shows it to this machine only.
# Whoever comes in needs a token; the first one is made there.
ENV FACEREC_SERVER__HOST=0.0.0.0 FACEREC_SERVER__TOKEN_PATH=data/admin.token
EXPOSE 5000
VOLUME ["/app/data", "/app/video"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/healthz', timeout=4)"]
CMD ["python", "server.py"]
