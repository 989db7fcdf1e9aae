// An app imports `Tastekeeper` only: the engine's records, enums and errors come with it.
@_exported import TastekeeperCore
