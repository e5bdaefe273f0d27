"""LangChain's own standard tests of chat models and of embeddings, with its OpenAI client against a gateway.

Run by ``gateway_proof.py`` in an environment of its own; the tests are LangChain's, none is left out or changed. What
the gateway refuses by name (tools, pictures, sounds, response formats) is declared unsupported, as for any model
without it. URL, key and models come in ``GATEWAY_URL``, ``GATEWAY_KEY``, ``GATEWAY_CHAT`` and ``GATEWAY_VECTORS``.
"""

import os
from typing import Any

from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests

WHERE: dict[str, Any] = {
    "base_url": os.environ["GATEWAY_URL"], "api_key": os.environ["GATEWAY_KEY"], "max_retries": 0, "timeout": 120,
}  # fmt: skip


class TestChat(ChatModelIntegrationTests):
    """A small model: answers are short, and what they say is not judged."""

    @property
    def chat_model_class(self) -> type[ChatOpenAI]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        # Counted in streams too: a client of another server than OpenAI's asks for it.
        return {**WHERE, "model": os.environ["GATEWAY_CHAT"], "max_tokens": 24, "stream_usage": True}

    @property
    def model_override_value(self) -> str:
        """The same model without its version."""
        return os.environ["GATEWAY_CHAT"].rpartition("-q4")[0]

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return False


class TestVectors(EmbeddingsIntegrationTests):
    """Texts are sent as texts: tokens of OpenAI's own models mean nothing to another."""

    @property
    def embeddings_class(self) -> type[OpenAIEmbeddings]:
        return OpenAIEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {**WHERE, "model": os.environ["GATEWAY_VECTORS"], "check_embedding_ctx_length": False}
