# %% [markdown]
# # From water to particles
#
# Top-down models do not ask what a molecule is. They ask which numbers of the liquid must be right, and choose soft
# beads (dissipative particle dynamics, DPD) or colliding points (stochastic rotation dynamics, SRD) that have them.
# This lesson takes three measured numbers of water, computes the parameters of both models in real units, checks them
# by short runs, and says what came out wrong, because something must.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np
from mesoscale.core.particles.dissipative import (
    DissipativeParticles,
    calibrate,
    inverse_compressibility_of_liquid,
)
from mesoscale.core.particles.rotation import matched_liquid
from scipy import constants

# %% [markdown]
# Water at 25 degC: density and compressibility (Wagner & Pruss 2002, doi:10.1063/1.1461829), viscosity (Huber et al.
# 2009, doi:10.1063/1.3088050), self-diffusion (Holz, Heil & Sacco 2000, doi:10.1039/b005319h).

# %%
temperature, density, compressibility = 298.15, 997.05, 0.4525e-9
viscosity, diffusivity = 0.890e-3, 2.30e-9
schmidt_number = viscosity / density / diffusivity
thermal_energy = constants.k * temperature
molecule = 18.0153 * constants.atomic_mass
number_density = density / molecule
stiffness = float(inverse_compressibility_of_liquid(1.0 / compressibility, number_density, temperature))
print(f"(1/kT) dp/dn of water: {stiffness:.2f}; an ideal gas has 1")

# %% [markdown]
# ## 1. Beads that are as compressible as water
#
# Three molecules in a bead, three beads in a cubed cutoff. The repulsion is the root of the *measured* equation of
# state, not the rule of thumb; the unit of length follows from the density, the unit of time from inertia.

# %%
beads = calibrate(
    molecules_per_bead=3, reduced_diffusivity=0.17, temperature=temperature, inverse_compressibility=stiffness,
    molecular_volume=1.0 / number_density, molecular_mass=molecule, molecular_diffusivity=diffusivity,
)  # fmt: skip
print(f"repulsion {beads.repulsion:.1f} kT (rule of thumb {beads.groot_warren_repulsion:.1f}), cutoff "
      f"{beads.cutoff_length * 1e9:.3f} nm, time {beads.thermal_time * 1e12:.2f} ps")  # fmt: skip

# %% [markdown]
# Two runs, a little below and above the density, give the compressibility; a third, driven by a force that is a sine of
# the height, the viscosity.

# %%
fluid = DissipativeParticles(repulsion=beads.repulsion, particles=1000, time_step=0.02, steps=1500, equilibration=300)
pressures = {rho: fluid.replace(reduced_density=rho).run() for rho in (2.85, 3.15)}
low, high = (float(run.answer) for run in pressures.values())
slope = (high - low) / 0.30
slope_error = math.hypot(*(float(run.answer_error) for run in pressures.values())) / 0.30
print(f"(1/kT) dp/dn of the beads: {slope:.2f} +- {slope_error:.2f}; water's, for three molecules: {3 * stiffness:.2f}")

driven = fluid.replace(driving_force=0.3, steps=3000)
flow = driven.run()
units = {"length": beads.cutoff_length, "energy": beads.energy, "mass": beads.bead_mass}
flow_si = driven.scales(flow, **units)
dpd = {
    "density": 1.0,
    "compressibility": 3 * stiffness / slope,
    "viscosity": float(flow_si.reduced_kinematic_viscosity) * density / viscosity,
    "Schmidt number": float(flow.reduced_kinematic_viscosity / pressures[3.15].reduced_diffusivity) / schmidt_number,
    "pressure (0.1 MPa)": 0.5 * (low + high) * beads.energy / beads.cutoff_length**3 / 101325.0,
}
nu, nu_error = float(flow.reduced_kinematic_viscosity), float(flow.reduced_kinematic_viscosity_error)
print(f"kinematic viscosity {nu:.3f} +- {nu_error:.3f}, that is {1e3 * viscosity * dpd['viscosity']:.3f} mPa s; "
      f"water has {1e3 * viscosity:.2f}")  # fmt: skip

# %% [markdown]
# The compressibility is water's. The viscosity is not, by more than an order of magnitude, and neither is the Schmidt
# number, viscosity over self-diffusion: soft beads pass momentum on hardly faster than they move themselves. One may
# stretch the unit of time until diffusion is right (the second clock below); then inertia and sound are wrong. And the
# pressure is ten thousand bar: only its slope was asked for.

# %%
print(f"unit of time: {beads.thermal_time * 1e12:.1f} ps if inertia is to be right, "
      f"{beads.diffusion_time * 1e12:.0f} ps if diffusion is")  # fmt: skip

# %% [markdown]
# ## 2. Points that flow like water
#
# SRD asks for the viscosity. Its time step is the root of an exact law; in cells of 2 nm:

# %%
water = matched_liquid(viscosity, density, temperature=temperature, cell_size=2e-9, compressibility=compressibility)
print(f"particle {water.particle_mass / molecule:.1f} molecules, step {water.step * 1e12:.3f} ps "
      f"({water.reduced_step:.4f} cells)")  # fmt: skip
print("not matched:", water.unmatched)
points = water.model().replace(steps=1500, boxes=4)
run = points.run()
run_si = points.scales(run, length=water.cell_size, energy=water.thermal_energy, mass=water.particle_mass)
found, error = (float(run_si[name]) * density for name in ("answer", "answer_error"))
print(f"viscosity {1e3 * found:.3f} +- {1e3 * error:.3f} mPa s; water has {1e3 * viscosity:.3f}")
srd = {
    "density": 1.0,
    "compressibility": water.compressibility_ratio,
    "viscosity": found / viscosity,
    "Schmidt number": float(run.schmidt_number) / schmidt_number,
    "pressure (0.1 MPa)": water.occupancy * thermal_energy / water.cell_size**3 / 101325.0,
}

# %% [markdown]
# ## 3. What is right, and what cannot be

# %%
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
left.errorbar([2.85, 3.15], [low, high], [float(r.answer_error) for r in pressures.values()], fmt="o", label="beads")
line = np.array([2.8, 3.2])
left.plot(line, 0.5 * (low + high) + 3 * stiffness * (line - 3.0), label="slope of water")
left.set(xlabel="beads in a cubed cutoff", ylabel="pressure / ($kT/r_c^3$)", title="DPD: compressibility")
left.legend()
middle.errorbar(run_si.reduced_height * 1e9, run_si.flow_velocity, run_si.flow_velocity_error, fmt=".", label="points")
middle.plot(run_si.reduced_height * 1e9, run_si.theoretical_velocity, label="water's viscosity")
middle.set(xlabel="height [nm]", ylabel="velocity [m/s]", title="SRD: viscosity")
middle.legend()
place = np.arange(len(dpd))
right.barh(place - 0.2, [math.log10(x) for x in dpd.values()], 0.4, label="DPD")
right.barh(place + 0.2, [math.log10(x) for x in srd.values()], 0.4, label="SRD")
right.axvline(0.0, color="k", linewidth=0.8)
right.set(yticks=place, yticklabels=list(dpd), xlabel="log10(model / water)", title="matched means zero")
right.legend()
figure.savefig("from_water_to_particles.png", dpi=120)
for name in dpd:
    print(f"{name:20s} DPD {dpd[name]:10.3g}   SRD {srd[name]:10.3g}   times water's")

assert abs(dpd["compressibility"] - 1.0) < 0.05
assert abs(srd["viscosity"] - 1.0) < 0.1

# %% [markdown]
# ## What to keep
#
# * A top-down model has two or three knobs: it can have two or three numbers of the liquid, and you choose which. DPD
#   here has water's density and compressibility, SRD its density and viscosity.
# * DPD is too fluid and too diffusive on the clock of inertia. SRD is an ideal gas: keep flows far below its sound.
# * Say which numbers were matched *and which were not* whenever you print a time or a pressure in real units.
#
# Groot & Warren, J. Chem. Phys. 107, 4423 (1997), doi:10.1063/1.474784. Groot & Rabone, Biophys. J. 81, 725 (2001),
# doi:10.1016/S0006-3495(01)75737-2. Gompper, Ihle, Kroll & Winkler, Adv. Polym. Sci. 221, 1 (2009),
# doi:10.1007/978-3-540-87706-6_1.
