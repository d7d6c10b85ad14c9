import os

# Before onnxruntime is imported: its releases send usage to their maker, and keep a log in the temporary folder for
# each process. They look at the variable when they are loaded; whoever wants it sets it to 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
