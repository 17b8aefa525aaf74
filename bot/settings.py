"""Settings from the environment and `.env`, checked before anything starts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.crm.signature import signing_key
from bot.secret_files import DotEnvWithFiles, EnvironmentWithFiles

Role = Literal["all", "web", "worker", "scheduler"]
"""What a process does: everything, or its doors, its queues or its clock alone."""


def _whole_address(url: str) -> str:
    """Refuse an address without its beginning, on which nothing could be opened."""
    if url and not url.startswith(("http://", "https://")):
        raise ValueError("write the whole address, beginning with https://")
    return url


Address = Annotated[str, AfterValidator(_whole_address)]


class SlackSettings(BaseModel):
    """How Slack is reached: over signed HTTP, or over Socket Mode when an app token is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bot_token: SecretStr = SecretStr("")
    signing_secret: SecretStr = SecretStr("")
    previous_signing_secret: SecretStr | None = None
    app_token: SecretStr | None = None
    base_url: Address = "https://slack.com/api/"
    transport: Literal["auto", "http", "socket"] = "auto"

    @field_validator("base_url")
    @classmethod
    def ends_with_slash(cls, url: str) -> str:
        """Let the address be written with or without its last slash."""
        return url if url.endswith("/") else f"{url}/"

    @property
    def uses_socket(self) -> bool:
        """Say whether Slack is reached over Socket Mode."""
        return self.transport == "socket" or (self.transport == "auto" and self.app_token is not None)


class CrmSettings(BaseModel):
    """How the CRM is reached; *previous_webhook_secret* holds too while the secret is being replaced."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["rest"] = "rest"
    base_url: Address = ""
    token: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    previous_webhook_secret: SecretStr | None = None
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0

    @field_validator("webhook_secret", "previous_webhook_secret")
    @classmethod
    def can_be_read(cls, secret: SecretStr | None) -> SecretStr | None:
        """Refuse a secret by which nothing could be signed: every event would be refused."""
        if secret and secret.get_secret_value() and not signing_key(secret.get_secret_value()):
            raise ValueError("copy it again from the CRM: whsec_ and letters and digits (base64)")
        return secret


class AiEndpointSettings(BaseModel):
    """One more endpoint: a model in a *region*; what is left out is as for the first one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str
    base_url: Address | None = None
    api_key: SecretStr | None = None
    model: str = ""


class AiPriceSettings(BaseModel):
    """What a million tokens of one model cost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_per_million: Annotated[Decimal, Field(ge=0)]
    output_per_million: Annotated[Decimal, Field(ge=0)]


class AiModelSettings(BaseModel):
    """Which language model is asked; without *base_url* and *api_key* none is.

    *endpoints* are further ones, such as one for each region; *prices* are by model, in one currency, in
    which the budgets are too. With *only_rehearsed* a model is not asked before it passed its rehearsal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: Address | None = None
    api_key: SecretStr | None = None
    model: str = ""
    region: str = "us"
    eu_base_url: Address | None = None
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 30.0
    send_notes: bool = False
    endpoints: tuple[AiEndpointSettings, ...] = ()
    prices: dict[str, AiPriceSettings] = {}
    hourly_budget: Annotated[Decimal, Field(ge=0)] | None = None
    daily_budget: Annotated[Decimal, Field(ge=0)] | None = None
    only_rehearsed: bool = False

    @property
    def is_configured(self) -> bool:
        """Say whether a model can be asked at all."""
        return bool(self.model and (self.base_url or self.api_key))


class Settings(BaseSettings):
    """Everything Countersign is told from outside; each name is an environment variable.

    The prefix is `COUNTERSIGN_`, nested names are joined with two underscores:
    `COUNTERSIGN_SLACK__BOT_TOKEN`.
    """

    model_config = SettingsConfigDict(
        env_prefix="COUNTERSIGN_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: str = "sqlite:///countersign.db"
    redis_url: str | None = None
    redis_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,60}$")] = "countersign"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    master_key: SecretStr | None = None
    master_key_file: Path | None = None
    previous_master_key: SecretStr | None = None
    checkpoint_paths: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    organisation_file: Path | None = None
    policy_file: Path | None = None
    practice_file: Path | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 8
    role: Role = "all"
    drain_s: Annotated[float, Field(ge=0, le=300)] = 0.0
    strangers_per_minute: Annotated[int, Field(ge=0, le=100_000)] = 60
    trusted_proxies: str = "127.0.0.1,::1"
    slack: SlackSettings = SlackSettings()
    crm: CrmSettings = CrmSettings()
    ai: AiModelSettings = AiModelSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let every secret be given as the name of a file."""
        del env_settings  # replaced by one that knows files
        env_file = getattr(dotenv_settings, "env_file", None)
        dotenv = DotEnvWithFiles(settings_cls, env_file=env_file)
        return init_settings, EnvironmentWithFiles(settings_cls), dotenv, file_secret_settings

    @field_validator("database_url")
    @classmethod
    def with_driver(cls, url: str) -> str:
        """Accept the common short spelling of PostgreSQL addresses."""
        for short in ("postgresql://", "postgres://"):
            if url.startswith(short):
                return f"postgresql+asyncpg://{url.removeprefix(short)}"
        if not url.startswith(("postgresql+asyncpg://", "sqlite:///")):
            raise ValueError("write postgresql://ROLE:PASSWORD@HOST/DATABASE, or sqlite:///FILE")
        return url

    @field_validator("redis_url")
    @classmethod
    def with_scheme(cls, url: str | None) -> str | None:
        """Refuse an address of Redis without its beginning, on which nothing could be opened."""
        if url and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("write redis://HOST:6379/0, or rediss:// where it speaks TLS")
        return url or None

    @model_validator(mode="after")
    def complete(self) -> Settings:
        """Name every variable that the chosen way of working needs and that is missing."""
        missing = [name for name, value in self._needed() if not value]
        if missing:
            raise ValueError(f"set {', '.join(missing)}")
        return self

    def _needed(self) -> list[tuple[str, object]]:
        slack, crm = self.slack, self.crm
        needed: list[tuple[str, object]] = [
            ("COUNTERSIGN_SLACK__BOT_TOKEN", slack.bot_token.get_secret_value()),
            ("COUNTERSIGN_CRM__BASE_URL", crm.base_url),
            ("COUNTERSIGN_CRM__WEBHOOK_SECRET", crm.webhook_secret.get_secret_value()),
            ("COUNTERSIGN_ORGANISATION_FILE", self.organisation_file),
        ]
        if slack.uses_socket:
            needed.append(
                ("COUNTERSIGN_SLACK__APP_TOKEN", slack.app_token and slack.app_token.get_secret_value())
            )
        else:
            needed.append(("COUNTERSIGN_SLACK__SIGNING_SECRET", slack.signing_secret.get_secret_value()))
        if self.ai.base_url and not self.ai.model:
            needed.append(("COUNTERSIGN_AI__MODEL", None))
        return needed
