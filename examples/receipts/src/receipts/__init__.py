"""Read, check and sign receipts."""

from receipts.model import Line, Receipt
from receipts.rates import tax_rate
from receipts.signing import SignedReceipt, Signer

__version__ = "1.0.0"
__all__ = ["Line", "Receipt", "SignedReceipt", "Signer", "__version__", "tax_rate"]
