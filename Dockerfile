# gitops-bot with git, bubblewrap and one Terraform or OpenTofu binary, which you choose; without the sandbox, which has
# its extra:
#   docker build --build-arg TERRAFORM_IMAGE=hashicorp/terraform:1.11.4 -t gitops-bot .
ARG TERRAFORM_IMAGE=hashicorp/terraform:1.11.4
FROM ${TERRAFORM_IMAGE} AS terraform

FROM python:3.11-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap git ca-certificates util-linux tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 bot \
 && install -d -o bot -g bot -m 0700 /data
COPY --from=terraform /bin/terraform /usr/local/bin/terraform
WORKDIR /app
COPY pyproject.toml constraints.txt README.md ./
COPY bot ./bot
# Compiled now, for nobody can later: each program of a pull request is started by one of these files.
RUN pip install --no-cache-dir -c constraints.txt -e '.[postgres]' \
 && python -m compileall -q bot
USER bot
ENV GITOPS_BOT_DATA_DIR=/data GITOPS_BOT_SERVER__LISTEN=0.0.0.0:8080
VOLUME /data
EXPOSE 8080
# An apply must outlive the bot's restart only within the container: stop it with a grace at least as long as STOP_GRACE.
ENTRYPOINT ["tini", "--", "gitops-bot"]
CMD ["serve"]
