# A class in a container: docs/CLASSROOM.md has the commands.
FROM python:3.11-slim

# PyTorch's builds for the CPU alone are on an index of its own: `--build-arg TORCH_INDEX=ADDRESS`. Without it
# the build with CUDA comes, several GB more.
ARG TORCH_INDEX=
WORKDIR /app
COPY requirements.txt constraints.txt ./
RUN python -m pip install --no-cache-dir --no-deps ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
        $(grep -E '^torch(vision)?==' requirements.txt) \
    && python -m pip install --no-cache-dir --requirement requirements.txt

# Before VOLUME, so that a new volume belongs to the user.
RUN useradd --create-home lab && install --directory --owner lab /data
COPY app.py ./
COPY .streamlit .streamlit
COPY pages pages
COPY mnistlab mnistlab

USER lab
ENV MNISTLAB_HOME=/data PYTHONPATH=/app PYTHONUNBUFFERED=1
VOLUME /data
# Commands write their files where they are started: into the volume.
WORKDIR /data
EXPOSE 8501
# Any answer but a failure of the server: behind a proxy's path this address is not found.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD python -c "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8501, timeout=4); \
c.request('GET', '/_stcore/health'); raise SystemExit(c.getresponse().status >= 500)"

ENTRYPOINT ["python", "-m", "mnistlab"]
CMD ["class", "lab"]
