# The app in a container. Linted; not built by us, for no Docker daemon was at hand.
#
#   docker build -t ugrn-explorer .
#   docker run --rm --read-only --tmpfs /tmp -v ugrn-cache:/cache -p 127.0.0.1:8501:8501 ugrn-explorer
#
# It listens to all addresses of the container and therefore asks for a token, which stands in its first lines
# (docs/deploy.md). Results and downloads are in the volume; nothing else is written but below /tmp.

FROM python:3.11-slim AS build

# cpu, or auto for the build of torch that fits the machine it is built on
ARG TORCH=cpu

WORKDIR /src
RUN python -m venv /opt/ugrn && /opt/ugrn/bin/python -m pip install --no-cache-dir uv==0.13.9
COPY constraints.txt pyproject.toml README.md LICENSE app.py ./
COPY .streamlit .streamlit
COPY assets assets
COPY pages pages
COPY ui ui
COPY ugrn_core ugrn_core
RUN /opt/ugrn/bin/uv pip install --python /opt/ugrn/bin/python --no-cache --torch-backend="$TORCH" \
        --constraint constraints.txt '.[app,cluster]'


FROM python:3.11-slim

RUN useradd --system --uid 10001 --no-create-home ugrn && install --directory --owner ugrn --mode 0700 /cache
COPY --from=build /opt/ugrn /opt/ugrn

ENV PATH=/opt/ugrn/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/tmp/numba \
    UGRN_CACHE_DIR=/cache

USER 10001
VOLUME /cache
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["ugrn"]
CMD ["app", "--headless", "--server.address", "0.0.0.0"]
