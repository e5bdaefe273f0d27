"""A llama of two small layers with a tokenizer of bytes: the real classes, in a second instead of a minute.

What it writes is what `compute_mesh.workloads.base` writes for the real model, which long proofs use.
"""

import json
from pathlib import Path

from blake3 import blake3


def write_tiny_base(folder: Path) -> Path:
    """A folder as `plain_base` leaves one; always the same bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=260, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, tie_word_embeddings=True, eos_token_id=0,
    )  # fmt: skip
    folder.mkdir(parents=True)
    LlamaForCausalLM(config).save_pretrained(folder)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({"<end>": 0, **{one: n + 1 for n, one in enumerate(letters)}}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>").save_pretrained(folder)
    names = sorted(path.name for path in folder.iterdir())
    noted = {name: blake3((folder / name).read_bytes()).hexdigest() for name in names}
    (folder / "files.json").write_text(json.dumps(noted))
    return folder
