"""The tools that are compared, ours first; a peer that is not installed has a row that says so."""

from __future__ import annotations

from benchmarks.own import own_one, own_population, own_sensitivities
from benchmarks.peers.amici import amici_one, amici_population, amici_sensitivities
from benchmarks.peers.casadi import casadi_one, casadi_population, casadi_sensitivities
from benchmarks.peers.heyoka import heyoka_one, heyoka_population
from benchmarks.peers.lsoda import scipy_one, scipy_population, scipy_sensitivities
from benchmarks.peers.numbalsoda import numbalsoda_one, numbalsoda_population
from benchmarks.peers.roadrunner import roadrunner_one, roadrunner_population
from benchmarks.protocol import Tool

STIFF = "an explicit method: a million steps on this stiff model"
TOOLS = (
    Tool("exodelivery", "exodelivery", own_one, own_population, own_sensitivities),
    Tool("scipy LSODA", "scipy", scipy_one, scipy_population, scipy_sensitivities, quick=False),
    Tool("numbalsoda", "numbalsoda", numbalsoda_one, numbalsoda_population),
    Tool("libroadrunner", "libroadrunner", roadrunner_one, roadrunner_population),
    Tool("heyoka", "heyoka", heyoka_one, heyoka_population, skip=(("M4", STIFF),)),
    Tool("casadi", "casadi", casadi_one, casadi_population, casadi_sensitivities),
    Tool("amici", "amici", amici_one, amici_population, amici_sensitivities),
)
