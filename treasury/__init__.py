"""Where money is guarded: approvals, caps, executor, reconciliation, kill switch. See `treasury.service.Treasury`."""
