# The studio in a container, by a user who is not root; models and uploads lie in /models.
#
#   docker build -t interfuse .
#   docker run --rm -p 127.0.0.1:8321:8321 -v "$PWD/models:/models" interfuse
#
# Any other command runs as well: docker run ... interfuse fit flows.csv -o run
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY src src
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python -m venv /opt/interfuse \
    && /opt/interfuse/bin/pip install --no-cache-dir --extra-index-url "$TORCH_INDEX" ".[studio,images]"

FROM python:3.12-slim
RUN useradd --create-home --uid 1000 someone && mkdir /models && chown someone /models
COPY --from=build /opt/interfuse /opt/interfuse
ENV PATH=/opt/interfuse/bin:$PATH PYTHONUNBUFFERED=1
USER 1000
WORKDIR /models
VOLUME /models
EXPOSE 8321
ENTRYPOINT ["interfuse"]
CMD ["studio", "/models", "--host", "0.0.0.0", "--no-browser"]
