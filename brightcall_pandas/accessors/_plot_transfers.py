"""``df.calls.plot``: the pictures of transfers."""

# ruff: noqa: PLC0415  (matplotlib is loaded by the first picture, not by the import of the package)

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import pandas as pd

from brightcall_pandas import analysis
from brightcall_pandas.accessors._frame import calls
from brightcall_pandas.accessors._pictures import PlotOptions
from brightcall_pandas.accessors._pictures import picture_of as _picture_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from brightcall_pandas.analysis import Kind, Normalize, Source

__all__ = ["TransferPictures"]


class TransferPictures:
    """Who passes calls on to whom."""

    _df: pd.DataFrame

    @_picture_of(analysis.transfer_variants)
    def transfer_variants(
        self,
        min_calls: int | None = None,
        *,
        confidence: float = 0.95,
        source: Source = "auto",
        include_client: bool = False,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw the most frequent ways that transferred calls went.

        A row for each of the fifteen most frequent variants with a transfer, fewer in a figure of
        which the size is given: its parties as chevrons, the busiest in colors of their own; its
        share of the transferred calls; and, where known, its rate of positive outcomes with its
        interval, beside that of all calls, and of the answered ones, that were not transferred;
        else a bar for its share. Calls of one party are counted in the subtitle; they are drawn
        only when there are no others. ``top=`` counts variants with a transfer.
        """
        from brightcall_pandas import plots

        table = calls(self._df).transfer_variants(
            min_calls=min_calls,
            confidence=confidence,
            source=source,
            include_client=include_client,
            names=options.pop("names", None),
        )
        return plots.transfer_variants(table, **options)

    @_picture_of(analysis.transfer_matrix)
    def transfer_matrix(
        self,
        kind: Kind = "directly",
        normalize: Normalize = None,
        *,
        source: Source = "auto",
        include_client: bool = False,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw how many calls each party transferred to each other.

        A heat map; the party of a row transfers to that of a column. Of more than forty parties,
        fewer on a slide, the busiest are shown. The scale is a square root, so that rare transfers
        show beside frequent ones; a cell without transfers is empty. Framed is the most
        frequent pair, where it clearly has more than any other; of other counts the receiver to whom
        each party transferred most, of which the title tells the share.
        """
        from brightcall_pandas import plots

        table = calls(self._df).transfer_matrix(
            kind=kind,
            normalize=normalize,
            source=source,
            include_client=include_client,
            names=options.pop("names", None),
        )
        return plots.transfer_matrix(table, **options)

    @_picture_of(analysis.transfer_flow)
    def transfer_flow(
        self,
        parties: int = 12,
        hops: int = 5,
        *,
        source: Source = "auto",
        include_client: bool = False,
        **options: Unpack[PlotOptions],
    ) -> Axes:
        """Draw how transferred calls flow from party to party.

        A column for each stage of a call, a bar for each party, as tall as the calls that it had
        there, the most on top; bands are transfers, in the color and pattern of the party that
        transfers. What arrives at a party and does not leave it ended there. The six busiest
        parties, or as many as ``top=`` says, are drawn by name, the others together and last; in
        a figure of its own size up to twelve, until the others take part in less than a fifth of
        the transfers.
        The first three transfers of a call are drawn, as far as any band is of one percent of
        the calls; thinner ones are faint. At the first and the last stage stands where most
        calls of a party went to or came from, with the share. ``sort="calls"`` orders parties
        by all their transfers, which is the same order at every stage.
        """
        from brightcall_pandas import plots

        table = calls(self._df).transfer_flow(
            parties=parties,
            hops=hops,
            source=source,
            include_client=include_client,
            names=options.pop("names", None),
        )
        return plots.transfer_flow(table, **options)

    @_picture_of(analysis.transfer_parties)
    def transfer_parties(
        self, *, source: Source = "auto", include_client: bool = False, **options: Unpack[PlotOptions]
    ) -> Axes:
        """Draw which share of its calls each party passed on.

        A row for each of twenty parties, those beyond chance and those with most transfers, the highest
        rate on top: a dot for the share of its calls that it passed on, a line for the limits of chance,
        and at the right how many of how many that are and how many calls it was passed. The title names
        who passes on more or fewer than others by more than chance.
        """
        from brightcall_pandas import plots

        table = calls(self._df).transfer_parties(
            source=source, include_client=include_client, names=options.pop("names", None)
        )
        return plots.transfer_parties(table, **options)
