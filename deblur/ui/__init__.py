"""The Gradio page: one file per tab. It shows what the core computes and computes no pixel itself."""
