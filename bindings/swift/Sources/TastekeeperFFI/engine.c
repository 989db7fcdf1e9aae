// The module is its header; the engine is linked.
