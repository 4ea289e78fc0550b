"""Floor 6: the closed table of what a noncompartmental analysis reports, with the names that others use.

Each row has our name, the column of Phoenix WinNonlin's *Final Parameters Pivoted* and the CDISC SDTM code (PPTESTCD),
so that a table can be read beside either. ``unit`` is written with L (level), T (time) and D (dose).

References
----------
Codes as listed by the R package NonCompart, ``man/sNCA.Rd`` (repository cran/NonCompart). Formulas: Gabrielsson J,
Weiner D. Pharmacokinetic and Pharmacodynamic Data Analysis: Concepts and Applications, 5th ed. 2016.
"""

from __future__ import annotations

from dataclasses import dataclass

NAMES = ("own", "winnonlin", "cdisc")
"""In which words a table's columns may be named."""


@dataclass(frozen=True, slots=True)
class Row:
    """A number that an analysis reports.

    Attributes
    ----------
    winnonlin, cdisc : str
        What others call it; empty where they have no word that we have seen printed.
    unit : str
        In L (level), T (time), D (dose); ``%`` or ``1``.
    about : str
    """

    winnonlin: str
    cdisc: str
    unit: str
    about: str


ROWS: dict[str, Row] = {
    "R2": Row("Rsq", "R2", "1", "R² of the terminal regression"),
    "R2_adjusted": Row("Rsq_adjusted", "R2ADJ", "1", "its adjusted R²"),
    "correlation": Row("Corr_XY", "CORRXY", "1", "correlation of log level and time in it"),
    "points": Row("No_points_lambda_z", "LAMZNPT", "1", "points in the terminal regression"),
    "lambda_z": Row("Lambda_z", "LAMZ", "1/T", "terminal rate constant"),
    "lambda_z_lower": Row("Lambda_z_lower", "LAMZLL", "T", "time of its first point"),
    "lambda_z_upper": Row("Lambda_z_upper", "LAMZUL", "T", "time of its last point"),
    "half_life": Row("HL_Lambda_z", "LAMZHL", "T", "ln 2 / lambda_z"),
    "Tlag": Row("Tlag", "TLAG", "T", "time before the first measurable level"),
    "Tmax": Row("Tmax", "TMAX", "T", "time of the largest level"),
    "Cmax": Row("Cmax", "CMAX", "L", "largest level"),
    "Cmax_D": Row("Cmax_D", "CMAXD", "L/D", "Cmax per dose"),
    "C0": Row("C0", "C0", "L", "level at the bolus, back-extrapolated from the first two points"),
    "Tlast": Row("Tlast", "TLST", "T", "time of the last measurable level"),
    "Clast": Row("Clast", "CLST", "L", "last measurable level"),
    "Clast_pred": Row("", "CLSTP", "L", "the terminal regression at Tlast"),
    "AUC_last": Row("AUClast", "AUCLST", "L*T", "area to Tlast"),
    "AUC_all": Row("AUCall", "AUCALL", "L*T", "area to the last sample, below the limit or not"),
    "AUC_inf_obs": Row("AUCINF_obs", "AUCIFO", "L*T", "area to infinity from the observed Clast"),
    "AUC_inf_D_obs": Row("AUCINF_D_obs", "AUCIFOD", "L*T/D", "that area per dose"),
    "AUC_extrap_obs": Row("AUC_%Extrap_obs", "AUCPEO", "%", "share of it beyond Tlast"),
    "AUC_back_obs": Row("AUC_%Back_Ext_obs", "AUCPBEO", "%", "share of it before the first sample"),
    "Vz_obs": Row("Vz_obs", "VZO", "D/L", "terminal volume: dose / (lambda_z × AUC_inf_obs)"),
    "Vz_F_obs": Row("Vz_F_obs", "VZFO", "D/L", "terminal volume / bioavailability"),
    "CL_obs": Row("Cl_obs", "CLO", "D/(L*T)", "clearance: dose / AUC_inf_obs"),
    "CL_F_obs": Row("Cl_F_obs", "CLFO", "D/(L*T)", "clearance / bioavailability"),
    "AUC_inf_pred": Row("AUCINF_pred", "AUCIFP", "L*T", "area to infinity from Clast_pred"),
    "AUC_inf_D_pred": Row("AUCINF_D_pred", "AUCIFPD", "L*T/D", "that area per dose"),
    "AUC_extrap_pred": Row("AUC_%Extrap_pred", "AUCPEP", "%", "share of it beyond Tlast"),
    "AUC_back_pred": Row("AUC_%Back_Ext_pred", "AUCPBEP", "%", "share of it before the first sample"),
    "Vz_pred": Row("Vz_pred", "VZP", "D/L", "terminal volume, from AUC_inf_pred"),
    "Vz_F_pred": Row("Vz_F_pred", "VZFP", "D/L", "terminal volume / bioavailability, from AUC_inf_pred"),
    "CL_pred": Row("Cl_pred", "CLP", "D/(L*T)", "clearance, from AUC_inf_pred"),
    "CL_F_pred": Row("Cl_F_pred", "CLFP", "D/(L*T)", "clearance / bioavailability, from AUC_inf_pred"),
    "AUMC_last": Row("AUMClast", "AUMCLST", "L*T^2", "first moment to Tlast"),
    "AUMC_inf_obs": Row("AUMCINF_obs", "AUMCIFO", "L*T^2", "first moment to infinity"),
    "AUMC_extrap_obs": Row("AUMC_%Extrap_obs", "AUMCPEO", "%", "share of it beyond Tlast"),
    "AUMC_inf_pred": Row("AUMCINF_pred", "AUMCIFP", "L*T^2", "first moment to infinity, from Clast_pred"),
    "AUMC_extrap_pred": Row("AUMC_%Extrap_pred", "AUMCPEP", "%", "share of it beyond Tlast"),
    "MRT_last": Row("MRTlast", "MRTIVLST", "T", "AUMC_last / AUC_last, less half an infusion"),
    "MRT_inf_obs": Row("MRTINF_obs", "MRTIVIFO", "T", "AUMC / AUC to infinity, less half an infusion"),
    "MRT_inf_pred": Row("MRTINF_pred", "MRTIVIFP", "T", "the same from Clast_pred"),
    "Vss_obs": Row("Vss_obs", "VSSO", "D/L", "MRT_inf_obs × CL_obs"),
    "Vss_pred": Row("Vss_pred", "VSSP", "D/L", "MRT_inf_pred × CL_pred"),
    "AUC_tau": Row("AUC_TAU", "", "L*T", "area over the dosing interval at steady state"),
    "Cmin": Row("Cmin", "", "L", "smallest level in the interval"),
    "Ctau": Row("Ctau", "", "L", "level at the end of the interval"),
    "Cavg": Row("Cavg", "", "L", "AUC_tau / tau"),
    "fluctuation": Row("Fluctuation%", "", "%", "(Cmax − Cmin) / Cavg"),
    "swing": Row("Swing", "", "1", "(Cmax − Cmin) / Cmin"),
    "accumulation": Row("Accumulation_Index", "", "1", "1 / (1 − exp(−lambda_z tau))"),
    "CL_ss": Row("CLss", "", "D/(L*T)", "clearance at steady state: dose / AUC_tau"),
    "CL_ss_F": Row("CLss_F", "", "D/(L*T)", "clearance at steady state / bioavailability"),
    "Vz": Row("Vz", "", "D/L", "CL_ss / lambda_z"),
    "Vz_F": Row("Vz_F", "", "D/L", "CL_ss_F / lambda_z"),
    "MRT_ss": Row("", "", "T", "(AUMC_tau + tau × (AUC_inf − AUC_tau)) / AUC_tau, less half an infusion"),
    "Vss": Row("Vss", "", "D/L", "MRT_ss × CL_ss"),
    "AUC_last_se": Row("SE_AUClast", "", "L*T", "standard error of AUC_last of a sparse design"),
    "AUC_last_df": Row("", "", "1", "its degrees of freedom (Satterthwaite)"),
    "AUC_last_lower": Row("", "", "L*T", "lower end of its 95 % interval"),
    "AUC_last_upper": Row("", "", "L*T", "upper end of its 95 % interval"),
    "Cmax_se": Row("SE_Cmax", "", "L", "standard error of the largest mean"),
}

EXTRAVASCULAR_CODES = {"MRT_last": "MRTEVLST", "MRT_inf_obs": "MRTEVIFO", "MRT_inf_pred": "MRTEVIFP"}
"""Where CDISC has another code after a dose outside the blood."""
