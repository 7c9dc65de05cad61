"""Files of pairs and of genes as people have them: exports of Excel, R, pandas, Cytoscape and of tools for regulation."""

# ruff: noqa: E501 (a file is one line of the test)

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from ugrn_core.errors import InputError
from ugrn_core.genes.gene_list import gene_list, read_gene_list
from ugrn_core.genes.pair_list import PairColumns, pair_list
from ugrn_core.genes.text_file import read_text

BOTH = (("SOX2", "NANOG"), ("GATA1", "KLF1"))

PAIRS: dict[str, tuple[str | bytes, tuple[tuple[str, str], ...], tuple[int, ...] | None]] = {
    "sep=; excel": ("sep=;\r\nTF;Target;Wert\r\nSOX2;NANOG;0,5\r\nGATA1;KLF1;1,25\r\n", BOTH, None),
    "sep=, excel": ("sep=,\nTF,Target\nSOX2,NANOG\nGATA1,KLF1\n", BOTH, None),
    "quoted sep": ('"sep=;"\n"TF";"Target"\n"SOX2";"NANOG"\n"GATA1";"KLF1"\n', BOTH, None),
    "bom sep": ("\ufeffsep=;\nTF;Target\nSOX2;NANOG\nGATA1;KLF1\n", BOTH, None),
    "decimal comma ;": ("source;target;weight\nSOX2;NANOG;0,12\nGATA1;KLF1;3\n", BOTH, None),
    "decimal comma tab": ("source\ttarget\tweight\nSOX2\tNANOG\t0,12\nGATA1\tKLF1\t1,3\n", BOTH, None),
    "thousands": ('source,target,weight\nSOX2,NANOG,"1,234.5"\nGATA1,KLF1,3\n', BOTH, None),
    "decimal comma comma quoted": ('source,target,weight\nSOX2,NANOG,"0,5"\nGATA1,KLF1,"0,7"\n', BOTH, None),
    "quoted headers w/ spaces": ('"Source gene" , "Target gene"\n"SOX2" , "NANOG"\n"GATA1" , "KLF1"\n', BOTH, None),
    "index no title": (",source,target\n0,SOX2,NANOG\n1,GATA1,KLF1\n", BOTH, None),
    "Unnamed: 0": ("Unnamed: 0,source,target\n0,SOX2,NANOG\n1,GATA1,KLF1\n", BOTH, None),
    "index title index": ("index,TF,target,importance\n0,SOX2,NANOG,1\n1,GATA1,KLF1,2\n", BOTH, None),
    "R write.table": ('"source" "target" "weight"\n"1" "SOX2" "NANOG" 0.5\n"2" "GATA1" "KLF1" 0.7\n', BOTH, None),
    "R write.table tab": ('"source"\t"target"\n"1"\t"SOX2"\t"NANOG"\n"2"\t"GATA1"\t"KLF1"\n', BOTH, None),
    "R write.table rownames words": ("source target\nSOX2_NANOG SOX2 NANOG\nGATA1_KLF1 GATA1 KLF1\n", BOTH, None),
    "R write.csv": ('"","from","to"\n"1","SOX2","NANOG"\n"2","GATA1","KLF1"\n', BOTH, None),
    "trailing tabs": ("source\ttarget\t\t\nSOX2\tNANOG\t\t\nGATA1\tKLF1\t\t\n", BOTH, None),
    "trailing tabs rows only": ("source\ttarget\nSOX2\tNANOG\t\nGATA1\tKLF1\t\n", BOTH, None),
    "trailing tabs uneven": ("source\ttarget\t\nSOX2\tNANOG\nGATA1\tKLF1\t\t\n", BOTH, None),
    "trailing comma rows": ("source,target,\nSOX2,NANOG,\nGATA1,KLF1,\n", BOTH, None),
    "utf16le bom": (b'\xff\xfes\x00o\x00u\x00r\x00c\x00e\x00\t\x00t\x00a\x00r\x00g\x00e\x00t\x00\r\x00\n\x00S\x00O\x00X\x002\x00\t\x00N\x00A\x00N\x00O\x00G\x00\r\x00\n\x00G\x00A\x00T\x00A\x001\x00\t\x00K\x00L\x00F\x001\x00\r\x00\n\x00', BOTH, None),
    "utf16be bom": (b'\xfe\xff\x00s\x00o\x00u\x00r\x00c\x00e\x00\t\x00t\x00a\x00r\x00g\x00e\x00t\x00\r\x00\n\x00S\x00O\x00X\x002\x00\t\x00N\x00A\x00N\x00O\x00G\x00\r\x00\n\x00G\x00A\x00T\x00A\x001\x00\t\x00K\x00L\x00F\x001\x00\r\x00\n', BOTH, None),
    "utf16le": ("s\x00o\x00u\x00r\x00c\x00e\x00\t\x00t\x00a\x00r\x00g\x00e\x00t\x00\r\x00\n\x00S\x00O\x00X\x002\x00\t\x00N\x00A\x00N\x00O\x00G\x00\r\x00\n\x00G\x00A\x00T\x00A\x001\x00\t\x00K\x00L\x00F\x001\x00\r\x00\n\x00", BOTH, None),
    "utf16be": ("\x00s\x00o\x00u\x00r\x00c\x00e\x00\t\x00t\x00a\x00r\x00g\x00e\x00t\x00\r\x00\n\x00S\x00O\x00X\x002\x00\t\x00N\x00A\x00N\x00O\x00G\x00\r\x00\n\x00G\x00A\x00T\x00A\x001\x00\t\x00K\x00L\x00F\x001\x00\r\x00\n", BOTH, None),
    "utf16 greek no bom": (b's\x00o\x00u\x00r\x00c\x00e\x00\t\x00t\x00a\x00r\x00g\x00e\x00t\x00\t\x00n\x00o\x00t\x00e\x00\r\x00\n\x00S\x00O\x00X\x002\x00\t\x00N\x00A\x00N\x00O\x00G\x00\t\x00\xb2\x03-\x00\xb1\x03\xb3\x03\r\x00\n\x00G\x00A\x00T\x00A\x001\x00\t\x00K\x00L\x00F\x001\x00\t\x00\xbb\x03\r\x00\n\x00', BOTH, None),
    "CR only": ("source,target\rSOX2,NANOG\rGATA1,KLF1\r", BOTH, None),
    "mixed eol": ("source,target\r\nSOX2,NANOG\nGATA1,KLF1\r", BOTH, None),
    "nel/ff": ("source,target\nSOX2,NANOG\n\x0cGATA1,KLF1\n", BOTH, None),
    "comments #": ("# by me, on Monday\n#\nsource,target\nSOX2,NANOG\n#GATA1,HBB\nGATA1,KLF1\n", BOTH, None),
    "comments %": ("% matlab\nsource,target\nSOX2,NANOG\nGATA1,KLF1\n", BOTH, None),
    "comments !": ("!Series_title x\nsource\ttarget\nSOX2\tNANOG\nGATA1\tKLF1\n", BOTH, None),
    "commented header": ("#source\ttarget\nSOX2\tNANOG\nGATA1\tKLF1\n", BOTH, None),
    "blank lines": ("\n\nsource,target\n\nSOX2,NANOG\n\n\nGATA1,KLF1\n\n", BOTH, None),
    "comma-only lines": ("source,target,w\n,,\nSOX2,NANOG,1\n,,\nGATA1,KLF1,1\n,,\n", BOTH, None),
    "german": ("Quelle;Ziel;Gewicht\nSOX2;NANOG;0,5\nGATA1;KLF1;0,7\n", BOTH, None),
    "german2": ("Regulator;Zielgen\nSOX2;NANOG\nGATA1;KLF1\n", BOTH, None),
    "german3": ("Transkriptionsfaktor;Zielgen;Score\nSOX2;NANOG;1,0\nGATA1;KLF1;2,0\n", BOTH, None),
    "spanish": ("origen;destino;peso\nSOX2;NANOG;0,5\nGATA1;KLF1;0,7\n", BOTH, None),
    "spanish2": ("factor de transcripción,gen diana\nSOX2,NANOG\nGATA1,KLF1\n", BOTH, None),
    "french": ("Facteur;Cible;Poids\nSOX2;NANOG;0,5\nGATA1;KLF1;0,7\n", BOTH, None),
    "weights first": ("weight,source,target\n0.5,SOX2,NANOG\n0.7,GATA1,KLF1\n", BOTH, None),
    "weights first untitled": ("0.5,SOX2,NANOG\n0.7,GATA1,KLF1\n", BOTH, None),
    "weights first untitled space": ("0.5 SOX2 NANOG\n0.7 GATA1 KLF1\n", BOTH, None),
    "label true/false": ("source,target,label\nSOX2,NANOG,True\nGATA1,KLF1,False\n", BOTH, (1, 0)),
    "label +/-": ("source,target,label\nSOX2,NANOG,+\nGATA1,KLF1,-\n", BOTH, (1, 0)),
    "sign +/- titled sign": ("source,target,sign\nSOX2,NANOG,+\nGATA1,KLF1,-\n", BOTH, None),
    "effect activation": ("source,target,effect\nSOX2,NANOG,activation\nGATA1,KLF1,repression\n", BOTH, None),
    "edge true/false is_edge": ("source,target,is_edge\nSOX2,NANOG,TRUE\nGATA1,KLF1,FALSE\n", BOTH, (1, 0)),
    "label yes/no": ("source,target,Label\nSOX2,NANOG,Yes\nGATA1,KLF1,No\n", BOTH, (1, 0)),
    "label 1.0/0.0": ("source,target,label\nSOX2,NANOG,1.0\nGATA1,KLF1,0.0\n", BOTH, (1, 0)),
    "label decimal comma": ("source;target;label\nSOX2;NANOG;1,0\nGATA1;KLF1;0,0\n", BOTH, (1, 0)),
    "gene_a gene_b": ("gene_a,gene_b,score\nSOX2,NANOG,1\nGATA1,KLF1,1\n", BOTH, None),
    "from to weight": ("from to weight\nSOX2 NANOG 1\nGATA1 KLF1 0.5\n", BOTH, None),
    "Source Target Type gephi": ("Source,Target,Type,Id,Label,Weight\nSOX2,NANOG,Directed,0,,1.0\nGATA1,KLF1,Directed,1,,1.0\n", BOTH, None),
    "gephi undirected": ("Source,Target,Type,Id,Label,Weight\nSOX2,NANOG,Undirected,0,,1.0\nGATA1,KLF1,Undirected,1,,1.0\n", BOTH, None),
    "cytoscape edge table": ("SUID,interaction,name,selected,shared interaction,shared name\n72,interacts with,SOX2 (interacts with) NANOG,false,interacts with,SOX2 (interacts with) NANOG\n73,interacts with,GATA1 (interacts with) KLF1,false,interacts with,GATA1 (interacts with) KLF1\n", BOTH, None),
    "cytoscape short": ('"shared name","weight"\n"SOX2 (pp) NANOG","0.5"\n"GATA1 (pp) KLF1","0.2"\n', BOTH, None),
    "pyscenic adj": ("TF\ttarget\timportance\nSOX2\tNANOG\t22.1\nGATA1\tKLF1\t3.3\n", BOTH, None),
    "scenic regulonTargetsInfo": ("TF\tgene\tnMotifs\tbestMotif\tNES\thighConfAnnot\tGenie3Weight\nSOX2\tNANOG\t3\tcisbp__M1\t4.1\tTRUE\t0.1\nGATA1\tKLF1\t1\tx\t3\tFALSE\t0.1\n", BOTH, None),
    "celloracle": (",source,target,coef_mean,coef_abs,p,-logp\n0,SOX2,NANOG,0.1,0.1,1e-5,5\n1,GATA1,KLF1,-0.1,0.1,0.5,0.3\n", BOTH, None),
    "string links": ("protein1 protein2 combined_score\n9606.ENSP00000323588 9606.ENSP00000229307 999\n9606.ENSP00000365858 9606.ENSP00000264834 900\n", (("9606.ENSP00000323588", "9606.ENSP00000229307"), ("9606.ENSP00000365858", "9606.ENSP00000264834")), None),
    "string detailed": ("protein1 protein2 neighborhood fusion cooccurence coexpression experimental database textmining combined_score\n9606.ENSP00000323588 9606.ENSP00000229307 0 0 0 1 2 3 4 999\n", (("9606.ENSP00000323588", "9606.ENSP00000229307"),), None),
    "dorothea": ("tf,confidence,target,mor\nSOX2,A,NANOG,1\nGATA1,B,KLF1,-1\n", BOTH, None),
    "dorothea R": ('"tf","confidence","target","mor"\n"1","SOX2","A","NANOG",1\n"2","GATA1","A","KLF1",-1\n', BOTH, None),
    "collectri": ("source,target,mor\nSOX2,NANOG,1\nGATA1,KLF1,-1\n", BOTH, None),
    "collectri tsv sign": ("TF\tgene\tsign_decision\tTF_category\tresources\tPMIDs\nSOX2\tNANOG\tPMID\tdbTF\tExTRI\t1\nGATA1\tKLF1\tdefault\tdbTF\tHTRI\t2\n", BOTH, None),
    "gmt regulons": ("SOX2(+)\thttp://x\tNANOG\tMYC\nGATA1(+)\thttp://x\tKLF1\n", (("SOX2(+)", "NANOG"), ("SOX2(+)", "MYC"), ("GATA1(+)", "KLF1")), None),
    "trrust": ("SOX2\tNANOG\tActivation\t123;456\nGATA1\tKLF1\tUnknown\t1\n", BOTH, None),
    "regnetwork": ("SOX2\t6657\tNANOG\t79923\nGATA1\t2623\tKLF1\t10661\n", BOTH, None),
    "chip atlas": ("SOX2;NANOG\nGATA1;KLF1\n", BOTH, None),
    "pipe": ("source|target\nSOX2|NANOG\nGATA1|KLF1\n", BOTH, None),
    "spaces aligned": ("source    target    score\nSOX2      NANOG     0.5\nGATA1     KLF1      0.7\n", BOTH, None),
    "tabs+spaces": ("SOX2 \t NANOG\nGATA1\t KLF1 \n", BOTH, None),
    "nbsp": ("source,target\nSOX2\xa0,\xa0NANOG\nGATA1,KLF1\xa0\n", BOTH, None),
    "zero width": ("source,target\n\u200bSOX2,NANOG\nGATA1,KLF1\u200b\n", BOTH, None),
    "smart quotes": ("source,target\n“SOX2”,“NANOG”\n“GATA1”,“KLF1”\n", BOTH, None),
    "single quotes": ("source,target\n'SOX2','NANOG'\n'GATA1','KLF1'\n", BOTH, None),
    "python tuples lines": ("('SOX2', 'NANOG'),\n('GATA1', 'KLF1'),\n", BOTH, None),
    "source only regulators, many cols": ("regulator,regulator_type,target,target_type,evidence\nSOX2,TF,NANOG,gene,chip\nGATA1,TF,KLF1,gene,chip\n", BOTH, None),
    "ens ids": ("source,target\nENSG00000181449,ENSG00000111704\nENSG00000102145,ENSG00000105610\n", (("ENSG00000181449", "ENSG00000111704"), ("ENSG00000102145", "ENSG00000105610")), None),
    "symbol + ens": ("source,source_id,target,target_id\nSOX2,ENSG00000181449,NANOG,ENSG00000111704\nGATA1,ENSG00000102145,KLF1,ENSG00000105610\n", BOTH, None),
    "id first": ("source_id,source,target_id,target\nENSG00000181449,SOX2,ENSG00000111704,NANOG\nENSG00000102145,GATA1,ENSG00000105610,KLF1\n", BOTH, None),
    "own edges.csv": ("source,target,score,probability,spread,slope,slope_direction,direction,novelty,known,tag\nSOX2,NANOG,1.2,0.9,0.1,0.2,rises,forward,pair,STRING,known\nGATA1,KLF1,1.1,0.8,0.1,-0.2,falls,forward,new,,new\n", BOTH, None),
    "own score": ("source,target,score,probability,novelty\nSOX2,NANOG,1,0.5,new\nGATA1,KLF1,1,0.5,new\n", BOTH, None),
    "guarded": ("source,target\n'=X,'+Y\n'@Z,'-W\n", (("=X", "+Y"), ("@Z", "-W")), None),
    "arrow list unicode": ("SOX2→NANOG\nGATA1→KLF1\n", BOTH, None),
    "arrow tab": ("SOX2\t->\tNANOG\nGATA1\t->\tKLF1\n", BOTH, None),
    "arrow inhibit": ("SOX2 --> NANOG\nGATA1 --| KLF1\n", BOTH, None),
    "xlsx as csv with title line above": ("My network of Monday\nsource,target,score\nSOX2,NANOG,1\nGATA1,KLF1,1\n", BOTH, None),
    "title lines above 2": ("My network;;\n;;\nsource;target;score\nSOX2;NANOG;1\nGATA1;KLF1;1\n", BOTH, None),
    "lower case": ("Source,Target\nsox2,nanog\ngata1,klf1\n", (("sox2", "nanog"), ("gata1", "klf1")), None),
    "two headers": ("source,target,score\nname,name,float\nSOX2,NANOG,1\nGATA1,KLF1,2\n", (("name", "name"), ("SOX2", "NANOG"), ("GATA1", "KLF1")), None),
    "bioTapestry": ("SOX2 activates NANOG\nGATA1 represses KLF1\n", BOTH, None),
    "tsv with quotes inside": ('source\ttarget\tnote\nSOX2\tNANOG\t5" thing\nGATA1\tKLF1\tx\n', BOTH, None),
    "apostrophe": ("source,target,note\nSOX2,NANOG,don't\nGATA1,KLF1,it's\n", BOTH, None),
    "target,regulator,weight": ("gene,regulator,weight\nNANOG,SOX2,1\nKLF1,GATA1,1\n", BOTH, None),
    "GRNBoost with header repeated": ("TF,target,importance\nSOX2,NANOG,1\nTF,target,importance\nGATA1,KLF1,1\n", BOTH, None),
    "ods / empty": ("", (), None),
    "one row": ("source,target\nSOX2,NANOG\n", (("SOX2", "NANOG"),), None),
    "one row untitled": ("SOX2,NANOG\n", (("SOX2", "NANOG"),), None),
    "source=label in string": ("SOX2=>NANOG\nGATA1=>KLF1\n", BOTH, None),
    "exp sci": ("SOX2\tNANOG\t1E-5\nGATA1\tKLF1\t2.3e+02\n", BOTH, None),
    "percent": ("SOX2,NANOG,5%\nGATA1,KLF1,7%\n", BOTH, None),
    "ids dates": ("source,target\n1-Sep,NANOG\n2-Mar,KLF1\n", (("1-Sep", "NANOG"), ("2-Mar", "KLF1")), None),
    "ligand receptor": ("ligand,receptor\nSOX2,NANOG\nGATA1,KLF1\n", BOTH, None),
    "xyz": ('TF,targets\nSOX2,"NANOG,MYC"\nGATA1,KLF1\n', (("SOX2", "NANOG"), ("SOX2", "MYC"), ("GATA1", "KLF1")), None),
    "xyz;": ("TF\ttargets\nSOX2\tNANOG;MYC\nGATA1\tKLF1\n", (("SOX2", "NANOG"), ("SOX2", "MYC"), ("GATA1", "KLF1")), None),
}  # fmt: skip

NO_PAIRS: dict[str, tuple[str | bytes, str]] = {
    "totals row": ("source,target,weight\nSOX2,NANOG,0.5\nGATA1,KLF1,0.7\nTotal,,1.2\n", "Line 4"),
    "totals row2": ("source,target,weight\nSOX2,NANOG,0.5\nGATA1,KLF1,0.7\n,,1.2\n", "Line 4"),
    "footer": ("source,target,weight\nSOX2,NANOG,0.5\nGATA1,KLF1,0.7\n\nGenerated by tool X\n", "Line 5"),
    "label activation": ("source,target,label\nSOX2,NANOG,activation\nGATA1,KLF1,repression\n", "Line 2 of the list is 'SOX2,NANOG,activation'; expected 0 or"),
    "label missing": ("source,target,label\nSOX2,NANOG,1\nGATA1,KLF1,\n", "Line 3"),
    "label NA": ("source,target,label\nSOX2,NANOG,1\nGATA1,KLF1,NA\n", "Line 3"),
    "label 2": ("source,target,label\nSOX2,NANOG,1\nGATA1,KLF1,2\n", "Line 3"),
    "dup titles": ("gene,gene\nSOX2,NANOG\nGATA1,KLF1\n", "cannot be told"),
    "dup titles source": ("source,target,source\nSOX2,NANOG,MYC\nGATA1,KLF1,HBB\n", "source"),
    "dup target": ("source,target,target\nSOX2,NANOG,MYC\nGATA1,KLF1,HBB\n", "target"),
    "symbol.x symbol.y": ("symbol.x,symbol.y\nSOX2,NANOG\nGATA1,KLF1\n", "cannot be told"),
    "cytoscape edge attr": ("weight (class=Double)\nSOX2 (pp) NANOG = 0.5\nGATA1 (pp) KLF1 = 0.2\n", "Line 2 of the pair list is not a pair: got 'SOX2 .pp. NANOG "),
    "DOT": ("digraph G {\n  rankdir=LR;\n  SOX2 -> NANOG;\n GATA1 -> KLF1 [weight=2];\n}\n", "Graphviz"),
    "DOT strict": ('strict digraph "" {\nSOX2 -> NANOG;\nGATA1 -> KLF1;\n}\n', "Graphviz"),
    "DOT graph": ("graph {\nSOX2 -- NANOG;\nGATA1 -- KLF1;\n}\n", "Graphviz"),
    "DOT comment": ("// made by x\ndigraph {\nSOX2 -> NANOG;\nGATA1 -> KLF1;\n}\n", "Graphviz"),
    "adj matrix": (",SOX2,NANOG,GATA1\nSOX2,0,1,0.5\nNANOG,0,0,0\nGATA1,1,0,0\n", "matrix"),
    "adj matrix tab no corner": ("SOX2\tNANOG\tGATA1\nSOX2\t0\t1\t0.5\nNANOG\t0\t0\t0\nGATA1\t1\t0\t0\n", "matrix"),
    "adj matrix 2": (",SOX2,NANOG\nSOX2,0,1\nNANOG,0,0\n", "matrix"),
    "adj matrix titled gene": ("gene,SOX2,NANOG,MYC\nSOX2,0,1,1\nNANOG,0,0,1\nMYC,1,1,1\n", "matrix"),
    "base GRN": (",peak_id,gene_short_name,SOX2,GATA1,MYC\n0,chr1_1_2,NANOG,1,0,1\n1,chr1_3_4,KLF1,0,1,0\n", "matrix"),
    "pyscenic ctx": (',,Enrichment,Enrichment,Enrichment\n,,AUC,NES,TargetGenes\nTF,MotifID,,,\nSOX2,m1,0.07,3.2,"[(\'NANOG\', 1.0), (\'MYC\', 0.5)]"\nGATA1,m2,0.06,3.1,"[(\'KLF1\', 1.0)]"\n', "pySCENIC.*adjacencies"),
    "gmt sets": ("HALLMARK_HYPOXIA\thttp://x\tNANOG\tMYC\nHALLMARK_E2F\thttp://x\tKLF1\n", "gene sets"),
    "python tuples": ("[('SOX2', 'NANOG'), ('GATA1', 'KLF1')]", "cannot be told"),
    "mermaid": ("graph TD;\n  SOX2-->NANOG;\n  GATA1-->KLF1;\n", "Line 1 .*not a pair"),
    "nan cell": ("source,target\nSOX2,NANOG\nGATA1,KLF1\nNaN,MYC\n", "Line 4"),
    "na gene": ("source,target,w\nSOX2,NANOG,1\nGATA1,KLF1,1\nNA,MYC,1\n", "Line 4"),
    "json records": ('[{"source": "SOX2", "target": "NANOG"}, {"source": "GATA1", "target": "KLF1"}]', "JSON"),
    "jsonl": ('{"source": "SOX2", "target": "NANOG"}\n{"source": "GATA1", "target": "KLF1"}', "JSON"),
    "yaml": ("SOX2:\n  - NANOG\nGATA1:\n  - KLF1\n", "Line 1 of the pair list is not a pair: got 'SOX2:', expected"),
    "adjacency list nx": ("SOX2 NANOG MYC\nGATA1 KLF1\nHBB\n", "Line 1 of the pair list is not a pair: got 'SOX2 NANOG MYC',"),
    "node attr table": ("SUID,name,shared name,selected\n1,SOX2,SOX2,false\n2,NANOG,NANOG,false\n", "Which column holds the sources and which the targets cannot "),
    "gexf": ("<gexf></gexf>", "XML"),
    "only title": ("source,target\n", "The table has titles and no rows: got 'source,target', expec"),
    "tf:target one col": ("SOX2:NANOG\nGATA1:KLF1\n", "not a pair"),
    "one column pair _": ("edge\nSOX2_NANOG\nGATA1_KLF1\n", "Line 1 of the pair list is not a pair: got 'edge', expected "),
    "regulon wide rows": ("SOX2\tNANOG\tMYC\nGATA1\tKLF1\tHBB\n", "cannot be told"),
}  # fmt: skip

GENES: dict[str, tuple[str | bytes, str]] = {
    "plain": ("SOX2\nNANOG\n", "SOX2 NANOG"),
    "commas": ("SOX2, NANOG", "SOX2 NANOG"),
    "crlf": ("SOX2\r\nNANOG\r\n", "SOX2 NANOG"),
    "cr": ("SOX2\rNANOG\r", "SOX2 NANOG"),
    "title symbol": ("symbol\nSOX2\nNANOG\n", "SOX2 NANOG"),
    "title Gen": ("Gen\nSOX2\nNANOG\n", "SOX2 NANOG"),
    "title Gene Symbol": ('"Gene Symbol"\n"SOX2"\n"NANOG"\n', "SOX2 NANOG"),
    "es": ("Gen;Valor\nSOX2;1,5\nNANOG;2,5\n", "SOX2 NANOG"),
    "fr": ("gène;valeur\nSOX2;1,5\nNANOG;2,5\n", "SOX2 NANOG"),
    "sep": ("sep=;\nGene;Score\nSOX2;1,5\nNANOG;2,5\n", "SOX2 NANOG"),
    "x col R": ('"x"\n"1" "SOX2"\n"2" "NANOG"\n', "SOX2 NANOG"),
    "x col csv": ('"","x"\n"1","SOX2"\n"2","NANOG"\n', "SOX2 NANOG"),
    "x col write.csv no rown": ('"x"\n"SOX2"\n"NANOG"\n', "SOX2 NANOG"),
    "R rown table": ("logFC pval\nSOX2 1.5 0.01\nNANOG 2 0.2\n", "SOX2 NANOG"),
    "deseq NA": (",baseMean,log2FoldChange,padj\nSOX2,12,NA,NA\nNANOG,13,1,0.1\n", "SOX2 NANOG"),
    "p<": ("gene,p\nSOX2,<0.001\nNANOG,0.2\n", "SOX2 NANOG"),
    "p< untitled": ("SOX2\t<0.001\nNANOG\t0.2\n", "SOX2 NANOG"),
    "n.d. untitled": ("SOX2\tn.d.\nNANOG\t0.2\n", "SOX2 NANOG"),
    "#N/A untitled": ("SOX2,#N/A\nNANOG,0.2\n", "SOX2 NANOG"),
    "trailing tabs": ("SOX2\t\nNANOG\t\n", "SOX2 NANOG"),
    "trailing commas": ("SOX2,,\nNANOG,,\n", "SOX2 NANOG"),
    "numbers col first": ("1\tSOX2\n2\tNANOG\n", "SOX2 NANOG"),
    "numbered list": ("1. SOX2\n2. NANOG\n", "SOX2 NANOG"),
    "numbered )": ("1) SOX2\n2) NANOG\n", "SOX2 NANOG"),
    "utf16": (b'\xff\xfeS\x00O\x00X\x002\x00\r\x00\n\x00N\x00A\x00N\x00O\x00G\x00\r\x00\n\x00', "SOX2 NANOG"),
    "utf16le nobom": ("S\x00O\x00X\x002\x00\r\x00\n\x00N\x00A\x00N\x00O\x00G\x00\r\x00\n\x00", "SOX2 NANOG"),
    "latin1 comment": (b'# G\xe8ne\nSOX2\nNANOG\n', "SOX2 NANOG"),
    "excel caption": ("Supplementary Table 1,,\nGene,logFC,p\nSOX2,1,0.1\nNANOG,2,0.2\n", "SOX2 NANOG"),
    "excel caption2": ("Supplementary Table 1. Markers of cells\nGene\tlogFC\tp\nSOX2\t1\t0.1\nNANOG\t2\t0.2\n", "SOX2 NANOG"),
    "totals": ("gene,count\nSOX2,5\nNANOG,6\nTotal,11\n", "SOX2 NANOG Total"),
    "notes": ('gene\tnote\nSOX2\tstem, cells\nNANOG\t"stem; cells"\n', "SOX2 NANOG"),
    "symbol with alias": ("symbol\talias\nSOX2\tANOP3\nNANOG\tx\n", "SOX2 NANOG"),
    "id+symbol": ("gene_id\tgene_name\nENSG00000181449\tSOX2\nENSG00000111704\tNANOG\n", "SOX2 NANOG"),
    "genes.tsv": ("ENSG00000181449\tSOX2\nENSG00000111704\tNANOG\n", "ENSG00000181449 SOX2 ENSG00000111704 NANOG"),
    "bed": ("chr3\t1\t2\tSOX2\nchr12\t1\t2\tNANOG\n", "SOX2 NANOG"),
    "grp": ("#name\nSOX2\nNANOG\n", "SOX2 NANOG"),
    "gmx": ("A\tB\nna\tna\nSOX2\tNANOG\nMYC\tKLF1\n", "SOX2 MYC"),
    "scenic regulons csv": (",regulon,gene\n0,SOX2(+),NANOG\n1,GATA1(+),KLF1\n", "NANOG KLF1"),
    "guarded": ("gene\n'=X\n'+Y\n", "=X +Y"),
    "guarded csv": ("gene,status\n'=X,unknown\n'-Y,unknown\n'@Z,unknown\n", "=X -Y @Z"),
    "own genes.csv": ("gene,status,symbol,note,suggestions\nSOX2,exact,SOX2,,\nNANOG,exact,NANOG,,\n", "SOX2 NANOG"),
    "own genes.csv alias": ('gene,status,symbol,note,suggestions\nOCT4,alias,POU5F1,,\nFOO,unknown,,,"SOX2, MYC"\n', "POU5F1"),
    "own edges": ("source,target,score,probability\nSOX2,NANOG,1,0.5\nSOX2,MYC,1,0.4\n", "SOX2"),
    "apostrophes": ("'SOX2'\n'NANOG'\n", "SOX2 NANOG"),
    "5'": ("gene\nSOX2\n5'-UTR\n", "SOX2 5'-UTR"),
    "semicolon line": ("SOX2;NANOG;", "SOX2 NANOG"),
    "brackets": ("[SOX2, NANOG]", "SOX2 NANOG"),
    "md bullets": ("* SOX2\n* NANOG\n", "SOX2 NANOG"),
    "md table": ("| gene | p |\n|---|---|\n| SOX2 | 1 |\n| NANOG | 2 |\n", "SOX2 NANOG"),
    "dates": ("1-Sep\n2-Mar\n", "1-Sep 2-Mar"),
    "space in csv": ("gene , p\nSOX2 , 1\nNANOG , 2\n", "SOX2 NANOG"),
    "wide empty": (",,\nSOX2,,\nNANOG,,\n", "SOX2 NANOG"),
    "merged cells": ("cluster,gene\nB,SOX2\n,NANOG\n", "SOX2 NANOG"),
    "cluster 0": ("cluster,gene\n0,SOX2\n0,NANOG\n", "SOX2 NANOG"),
    "seurat avg": ("p_val,avg_log2FC,pct.1,pct.2,p_val_adj,cluster,gene\n0,1,1,1,0,T,SOX2\n0,1,1,1,0,B,NANOG\n", "SOX2 NANOG"),
    "scanpy wide n": ("0_n,0_p\nSOX2,0.1\nNANOG,0.2\n", "SOX2 NANOG"),
    "cellmarker": ('cell,marker\nT cell,"SOX2, NANOG"\n', "SOX2 NANOG"),
    "panglao": ("species\tofficial gene symbol\tcell type\nHs\tSOX2\tX\nMm Hs\tNANOG\tX\n", "SOX2 NANOG"),
    "vertical tab": ("SOX2\x0bNANOG", "SOX2 NANOG"),
    "nbsp": ("SOX2\xa0\nNANOG\xa0\n", "SOX2 NANOG"),
    "json list": ('["SOX2", "NANOG"]', "SOX2 NANOG"),
    "json list nl": ('[\n "SOX2",\n "NANOG"\n]', "SOX2 NANOG"),
}  # fmt: skip


@pytest.mark.parametrize("case", PAIRS)
def test_pairs_are_read_as_they_are_meant(case):
    content, pairs, labels = PAIRS[case]
    found = pair_list(read_text(content if isinstance(content, bytes) else content.encode(), "pair list"))
    assert (found.pairs, found.labels) == (pairs, labels)


@pytest.mark.parametrize("case", NO_PAIRS)
def test_what_is_no_list_of_pairs_is_refused_in_words(case):
    content, words = NO_PAIRS[case]
    with pytest.raises(InputError, match=words):
        pair_list(content if isinstance(content, str) else read_text(content, "pair list"))


@pytest.mark.parametrize("case", GENES)
def test_genes_are_read_as_they_are_meant(case):
    content, names = GENES[case]
    assert " ".join(read_gene_list(content if isinstance(content, bytes) else content.encode()).names) == names


@pytest.mark.parametrize(
    ("text", "words"),
    [("digraph { SOX2 -> NANOG }", "Graphviz"), ('[{"gene": "SOX2"}]', "JSON"), ("<table><tr><td>SOX2", "web page")],
)
def test_pasted_text_of_another_kind_is_refused_as_a_file_is(text, words):
    for read in (gene_list, pair_list):
        with pytest.raises(InputError, match=words):
            read(text)


def test_of_two_columns_of_one_title_one_has_to_be_chosen():
    for second in ("source", "source.1"):
        text = f"source,target,{second}\nSOX2,NANOG,MYC\nGATA1,KLF1,HBB\n"
        with pytest.raises(InputError, match=r"2 columns have the same title.*Say which holds the names"):
            pair_list(text)
        assert pair_list(text, PairColumns(source="3")).pairs == (("MYC", "NANOG"), ("HBB", "KLF1"))
    alike = "source,target,source\nSOX2,NANOG,SOX2\nGATA1,KLF1,GATA1\n"
    assert pair_list(alike).pairs == BOTH


def test_what_says_that_it_has_no_direction_is_read_as_written_and_said():
    for row in ("Undirected", "undirected"):
        assert "undirected there" in pair_list(f"Source,Target,Type\nSOX2,NANOG,{row}\nGATA1,KLF1,{row}\n").said
    assert "undirected" not in pair_list("Source,Target,Type\nSOX2,NANOG,Directed\nGATA1,KLF1,Directed\n").said


def test_colours_and_errors_of_spreadsheets_are_no_comments():
    for mark in ("#FF8800", "#N/A", "#REF!", "#DIV/0!"):
        text = f"colour,source,target\n{mark},SOX2,NANOG\n{mark},GATA1,KLF1\n"
        assert pair_list(text).pairs == pair_list(text.replace(",", "\t")).pairs == BOTH
        if "/" in mark or "!" in mark:  # in a column of numbers
            assert gene_list(f"SOX2,{mark}\nNANOG,0.2\nMYC,0.1\n").names == ("SOX2", "NANOG", "MYC")
    assert gene_list("SOX2 #sure\n#NANOG\nMYC # sure\n").names == ("SOX2", "MYC")


def test_a_quotation_mark_that_is_never_closed_loses_no_pair():
    for text in ('a,b,c\nSOX2,NANOG,"x\nGATA1,KLF1,y\n', 'source,target,c\nSOX2,NANOG,x\nGATA1,KLF1,"y\n'):
        with pytest.raises(InputError, match=r"Line . opens a quotation mark"):
            pair_list(text, PairColumns("1", "2"))


def test_ids_of_proteins_say_that_symbols_are_needed():
    from ugrn_core.genes.resolve import resolve
    from ugrn_core.types import Vocabulary

    links = "protein1 protein2 combined_score\n9606.ENSP00000323588 9606.ENSP00000229307 999\n"
    names = [name for pair in pair_list(links).pairs for name in pair]
    report = resolve([*names, "SOX2"], Vocabulary(["SOX2", "NANOG"], range(2)))
    assert "an Ensembl id of a protein: give symbols" in report.sentence()


GUARDED = ["=X", "+X", "@X", "-X", "=SUM(A1)", "'=X", "''+X", "\tX", "\uff1dX", "5'-X", "HLA-A"]


def test_names_guarded_against_spreadsheets_are_read_back_from_every_table():
    import pandas as pd

    from ugrn_core.network.table import csv_lines
    from ugrn_core.spreadsheet import csv_text

    names = [name.strip() for name in GUARDED]
    pairs = tuple(dict.fromkeys((name, "SOX2") for name in names))
    edges = pd.DataFrame({"source": GUARDED, "target": "SOX2", "score": 0.5, "tag": GUARDED[::-1]})
    categories = edges.astype({"source": "category", "target": "category", "tag": "category"})
    header = ",".join(edges)
    for text in (
        csv_text(edges),
        header + "\n" + csv_lines(categories),
        csv_text(edges[["score", "target", "source"]]),
    ):
        assert pair_list(text).pairs == pairs
        assert gene_list(text, "source").names == tuple(dict.fromkeys(names))
    for frame in (pd.DataFrame({"gene": GUARDED, "status": "unknown"}), pd.DataFrame({"gene": GUARDED})):
        assert gene_list(csv_text(frame)).names == tuple(dict.fromkeys(names))


CASES: dict[str, tuple[object, ...]] = {
    "labels.tsv": ((("SOX2", "NANOG"), ("SOX2", "HBB"), ("GATA1", "KLF1")), (1, 0, 1)),
    "target_first.csv": (BOTH, None),
    "dorothea.csv": (BOTH, None),
    "pairs_utf16.csv": ((("SOX2", "NANOG"),), None),
    "chain.txt": ((("SOX2", "NANOG"), ("NANOG", "MYC")), None),
    "sif_own.sif": (BOTH, None),
    "self_pair.csv": ((("SOX2", "SOX2"), ("SOX2", "NANOG")), None),
    "scanpy_rank_all.csv": ("CD79A MS4A1 CD3D NKG7 GZMB",),
    "geneformer_stats.csv": ("SOX2 NANOG",),
    "decimal_comma.csv": ("SOX2 NANOG",),
    "regulons_list.csv": ("SOX2(+) NANOG(+) GATA1_(12g) TAL1_extended (20g)",),
    "dec1.txt": ("DEC1 SOX2",),
    "greek.txt": ("IL-1β TGF-β1 HIF-1α TNF-α",),
    "genes8.txt": ("SOX2 NANOG POU5F1 MYC KLF4 GATA1 KLF1 TAL1",),
}


@pytest.mark.parametrize("name", CASES)
def test_cases_that_were_read_wrongly_once(name):
    folder = os.environ.get("UGRN_CASES_DIR")
    if not folder or not (Path(folder) / name).is_file():
        pytest.skip("UGRN_CASES_DIR does not name a folder with this file")
    file, right = Path(folder) / name, CASES[name]
    if len(right) == 1:
        assert " ".join(read_gene_list(file).names) == right[0]
    else:
        found = pair_list(read_text(file))
        assert (found.pairs, found.labels) == right


def test_compressed_files_and_books_are_called_what_they_are():
    for content, words in ((gzip.compress(b"source,target\n"), "gzip"), (b"PK\x03\x04abc", "Excel")):
        with pytest.raises(InputError, match=words):
            read_text(content, "pair list")
