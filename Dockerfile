# One image for every command: `docker run shoal:0.1.0 gateway --help`. The exact versions are those of requirements.lock.
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock pyproject.toml README.md ./
COPY schemas schemas
COPY streams streams
COPY stores stores
COPY agents agents
COPY gateway gateway
COPY cli cli
RUN /venv/bin/pip install --no-cache-dir --constraint requirements.lock --editable .

FROM python:3.13-slim
RUN useradd --system --create-home --uid 10001 shoal && install --directory --owner shoal --group shoal /var/lib/shoal
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER shoal
WORKDIR /var/lib/shoal
EXPOSE 8080 8081 9100
ENTRYPOINT ["shoal"]
CMD ["--help"]
