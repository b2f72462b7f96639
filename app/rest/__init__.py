"""The REST door: the documented routes; parse, call one service, render the envelope."""
