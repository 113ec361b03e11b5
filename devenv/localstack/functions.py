"""Lambda: functions that the seeds do not have, and what feeds events to any."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.localstack.program import Change, Clients, Seed, named, pages


def empty_functions(aws: Clients, seeds: Seed) -> Iterator[Change]:
    """Delete event source mappings, which seeds do not make, and functions."""
    functions = aws.client("lambda")
    for mapping in list(pages(functions, "list_event_source_mappings", "EventSourceMappings")):
        functions.delete_event_source_mapping(UUID=mapping["UUID"])
        yield Change("event source mapping", mapping.get("FunctionArn", mapping["UUID"]), "deleted")
    wanted = named(seeds, "functions")
    for function in list(pages(functions, "list_functions", "Functions")):
        if function["FunctionName"] not in wanted:
            functions.delete_function(FunctionName=function["FunctionName"])
            yield Change("function", function["FunctionName"], "deleted")
