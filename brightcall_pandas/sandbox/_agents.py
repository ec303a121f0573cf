"""Which fields of a call tell its agent: three may, and accounts differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from brightcall_pandas.filters import CallFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ACCOUNT_USER", "AgentFields", "sql_of_agents", "sql_of_user", "write_agents"]

AgentFields = Literal["users", "involved", "extensions"]

ACCOUNT_USER = 7001
"""The ``userId`` of every call, where it is the account's."""

_ABOVE_USER = 9000  # an agent's number is so much above the user's
_LAST_WITHOUT = 1_000_300  # the oldest 300 calls are from before the account had the field
_INVOLVED = (
    f'CASE WHEN "agentShortNumber" IS NOT NULL AND TRY_CAST(id AS BIGINT) > {_LAST_WITHOUT} '
    f'THEN CAST(TRY_CAST("userId" AS BIGINT) + {_ABOVE_USER} AS VARCHAR) END'
)


def write_agents(call: dict[str, Any], fields: AgentFields) -> None:
    """Write the fields of a call that may tell its agent as the account has them."""
    if fields == "users":
        return
    if fields == "involved" and int(call["id"]) > _LAST_WITHOUT:
        nobody = call.get("agentShortNumber") is None
        call["involvedAgent1Id"] = None if nobody else int(call["userId"]) + _ABOVE_USER
    call["userId"] = ACCOUNT_USER


def sql_of_agents(ids: Sequence[str], fields: AgentFields) -> str:
    """Return the condition that one of the fields that tell a call's agent has one of these ids."""
    told = CallFilter(agent_ids=ids)
    conditions = [told.to_sql(agent="agentShortNumber")]
    if fields == "users":
        conditions.append(told.to_sql(agent="userId"))
    elif str(ACCOUNT_USER) in ids:
        conditions.append("TRUE")
    if fields == "involved":
        listed = ", ".join("'" + each.replace("'", "''") + "'" for each in ids)
        conditions.append(f"coalesce({_INVOLVED} IN ({listed}), FALSE)")
    return f"({' OR '.join(conditions)})"


def sql_of_user(user_id: str | int, fields: AgentFields) -> str:
    """Return the condition that ``userId`` is this one."""
    if fields == "users":
        return CallFilter(user_id=user_id).to_sql()
    return "TRUE" if str(user_id) == str(ACCOUNT_USER) else "FALSE"
