"""The worked example of the Start page, in one place."""

from __future__ import annotations

SOURCE = "GATA1"
TARGET = "KLF1"
WHY = (
    "GATA1 switches on KLF1 when red blood cells form. The curve is computed here and now by the chosen model, and was "
    "chosen because the model has something to show; for most pairs it has less."
)

NETWORK = (
    "GATA1 GATA2 TAL1 KLF1 NFE2 GFI1B LMO2 FLI1 RUNX1 MYB SPI1 CEBPA CEBPB IRF8 EBF1 PAX5 TCF3 IKZF1 BCL11A GATA3 "
    "TBX21 EOMES RUNX3 STAT4 TCF7 LEF1 BCL11B ZBTB16 HBB HBA1 ALAS2 EPOR GYPA KIT CD34 MPL PF4 ITGA2B GP1BA MPO ELANE "
    "CSF1R CSF3R CD14 LYZ ITGAM FCGR3A CD19 CD79A MS4A1 VPREB1 CD3E LCK IL7R NKG7 GZMB PRF1"
)
NETWORK_WHY = "27 factors against 57 genes, scored in seconds; many of the edges are known, so that you can judge it."
