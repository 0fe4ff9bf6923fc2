"""Where money is guarded: approvals, caps, executor, reconciliation, kill switch, audit."""
