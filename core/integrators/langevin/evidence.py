"""Why anybody should believe the splittings: equipartition, exact moments, quadrature, another code."""

EVIDENCE: tuple[()] = ()
