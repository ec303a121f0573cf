"""Which field tells the agents of an account: what the client says, else what its calls once decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from brightcall_pandas.filters import FILTERS, CallFilter
from brightcall_pandas.frame import AGENT_COLUMNS, AgentCounts, count_agents, to_pandas
from brightcall_pandas.load._client import Client

__all__ = ["AccountAgent"]

_READ = ("state", *AGENT_COLUMNS)


@dataclass
class AccountAgent:
    """The field that tells an account's agents, decided by the first load that has enough answered calls.

    Only a load of all calls of its days decides: a filter may leave those of one kind, such as inbound calls,
    of which fewer have a field.

    Parameters
    ----------
    client
        The client that loads.
    spec
        Which calls it loads.
    """

    client: Client
    spec: CallFilter

    @property
    def is_open(self) -> bool:
        """Whether the calls of this load may still decide."""
        known = self.client.agent or self.client.cache.account.agent
        return known is None and all(
            FILTERS[name].predicate is None or name in ("day_from", "day_to")
            for name, value in self.spec.to_dict().items()
            if not (name == "all_users" and value)
        )

    def columns(self, chosen: Sequence[str]) -> list[str]:
        """Return the columns to read, for a load of chosen ones."""
        return list(dict.fromkeys([*chosen, *(_READ if self.is_open else ())]))

    def decide(self, tables: Iterable[pa.Table]) -> None:
        """Write the field into the account's file, where it is not known and these calls decide it."""
        if self.is_open:
            counts = AgentCounts()
            for table in tables:
                counts += count_agents(to_pandas(table.select(list(_READ))))
            if (decided := counts.settled) is not None:
                self.client.cache.learn(agent=decided)

    def said(self) -> dict[str, Any]:
        """Return what a frame's attributes or a file say of it; nothing where it is not decided."""
        if self.client.agent is not None:
            return {"agent": self.client.agent, "agent_by": "client"}
        known = self.client.cache.account.agent
        return {} if known is None else {"agent": known, "agent_by": "account"}
