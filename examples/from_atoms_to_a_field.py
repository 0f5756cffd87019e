# %% [markdown]
# # From atoms to a field
#
# A field theory of a mixture needs two things of its atoms: the local free energy $f(\phi)$ and the price
# $\frac{\kappa}{2} (\nabla \phi)^2$ of a gradient. This lesson reads both from snapshots of a lattice gas, hands them
# to the Cahn-Hilliard equation, predicts the wavelength at which the mixture separates, and lets the atoms separate.
#
# Units: energies in $J$, lengths in lattice constants, times in sweeps (one exchange tried per site).

# %%
import matplotlib.pyplot as plt
import numpy as np
from mesoscale.core.coarse_graining.local_free_energy import (
    LatticeGas,
    fit_structure_factor,
    follow_quench,
    lattice_structure_factor,
    mean_field_curvature,
    mean_field_energy,
    mean_field_gradient,
    mean_field_magnetization,
    pattern_wavelength,
    quenched_structure_factor,
    sample_equilibrium,
    small_box_energy,
    zero_wavenumber_structure_factor,
)
from mesoscale.core.fields.cahn_hilliard import CahnHilliard, spinodal_wavelength

# %% [markdown]
# ## 1. Where the answer is known
#
# Fluctuations of a stable mixture are Gaussian on long waves, $kT / S(k) = f'' + \kappa k^2$. At $kT = 3J$ the lattice
# gas with four neighbours is stable; a high-temperature series gives $S(0)$ to six digits. Mean field says
# $f'' = kT - 4J = -J$: that the mixture separates.

# %%
temperature = 3.0
snapshots = sample_equilibrium(LatticeGas(reduced_temperature=temperature), size=64, snapshots=1500)
structure = lattice_structure_factor(snapshots.spin)
fit = fit_structure_factor(structure, thermal_energy=temperature)
exact = temperature / zero_wavenumber_structure_factor(temperature)
print(f"f''    measured {float(fit.curvature):.4f} +- {float(fit.curvature_error):.4f}, exact {exact:.4f}, "
      f"mean field {mean_field_curvature(0.0, temperature):.1f}")  # fmt: skip
print(f"kappa  measured {float(fit.gradient_coefficient):.3f} +- {float(fit.gradient_coefficient_error):.3f}, "
      f"mean field {mean_field_gradient(1.0):.3f}")  # fmt: skip
assert abs(fit.curvature - exact) < 4 * fit.curvature_error

figure, axes = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
square = fit.wavenumber_square.values
axes[0].plot(structure.wavenumber_square, temperature / structure.structure_factor, ".", label="snapshots")
axes[0].plot(square, temperature / fit.fitted_structure_factor, label="fit")
axes[0].plot(square, mean_field_curvature(0.0, temperature) + square, "--", label="mean field")
axes[0].axhline(0.0, color="0.7")
axes[0].set(xlim=(0, 1), ylim=(-1.1, 2), xlabel="$k^2$", ylabel="$kT/S(k)$", title="stable: 4 neighbours, $kT = 3J$")
axes[0].legend()

# %% [markdown]
# ## 2. An unstable mixture has no equilibrium, so we take a small box
#
# Below its critical temperature the mixture separates, and thermodynamics knows only the straight line between the two
# phases. The field needs the $f$ of a volume too small to separate. How small? *Mixedness* is 1 while the longest waves
# of the box are Gaussian, and 0 once the box holds two phases. Here every atom interacts with the 48 sites within three
# steps.

# %%
temperature = 2.4
gas = LatticeGas(reduced_temperature=temperature, interaction_range=3)
boxes = {size: small_box_energy(gas, size, widest=0.94) for size in (8, 12, 16)}
print("box   f''(0)            kappa           wavelength      mixedness")
for size, box in boxes.items():
    print(f"{size:3d}  {float(box.middle_curvature):6.3f} +- {float(box.middle_curvature_error):.3f}  "
          f"{float(box.gradient_coefficient):6.2f} +- {float(box.gradient_coefficient_error):.2f}  "
          f"{float(box.spinodal_wavelength):6.2f} +- {float(box.spinodal_wavelength_error):.2f}  "
          f"{float(box.mixedness):8.2f}")  # fmt: skip
simple = (mean_field_curvature(0.0, temperature), float(mean_field_gradient(3.0)))
print(f"mean field: f''(0) = {simple[0]:.3f}, kappa = {simple[1]:.2f}, "
      f"wavelength {float(spinodal_wavelength(*simple)):.2f}")  # fmt: skip

for size, box in boxes.items():
    axes[1].plot(box.composition, box.local_free_energy - box.local_free_energy[4], label=f"box of {size}")
m = np.linspace(-0.94, 0.94, 200)
axes[1].plot(m, mean_field_energy(m, temperature) - mean_field_energy(0.0, temperature), "k--", label="mean field")
axes[1].set(xlabel="composition $m$", ylabel="$f(m) - f(0)$", title="unstable: 48 neighbours, $kT = 2.4J$")
axes[1].legend()

# %% [markdown]
# The box is a choice, and it shows: the larger the box, the flatter $f$. The largest box that is still mixed (mixedness
# above one half) is the scale on which the field has a meaning.

# %%
size = max(size for size, box in boxes.items() if box.mixedness > 0.5)
box = boxes[size]
curvature, gradient = float(box.middle_curvature), float(box.gradient_coefficient)
predicted, doubt = float(box.spinodal_wavelength), float(box.spinodal_wavelength_error)
print(f"a box of {size}: the mixture should separate with the wavelength {predicted:.1f} +- {doubt:.1f}")

# %% [markdown]
# ## 3. Now the atoms
#
# Quench from infinite temperature, exchanges between neighbours only. While waves are small, linear theory with noise
# (Cook 1970) holds: noise feeds all waves, so that the peak comes in from short ones and *approaches* the fastest. It
# needs one more number, the mobility, which for independent atoms is $1/(4kT)$. Nothing is adjusted.
#
# Mean field does nearly as well here, though its $f''$ and $\kappa$ are both 16 % too large: a wavelength knows their
# ratio only.

# %%
times = np.array([20, 40, 60, 80, 120, 160, 200])
spins = follow_quench(gas, size=96, times=times, runs=6).spin.values
measured = pattern_wavelength(spins)


def peak_of_linear_theory(curvature, gradient, time):
    k = np.linspace(0.05, 1.0, 2000)
    spectrum = quenched_structure_factor(k, time, curvature, gradient, 0.25 / temperature, temperature, 1.0)
    return 2 * np.pi / k[np.argmax(spectrum)]


linear = np.array([peak_of_linear_theory(curvature, gradient, t) for t in times])
naive = np.array([peak_of_linear_theory(*simple, t) for t in times])
print("time   measured        from snapshots   mean field")
for t, one, error, two, three in zip(times, measured.wavelength.values, measured.wavelength_error.values, linear, naive,
                                     strict=True):  # fmt: skip
    print(f"{t:4d}   {one:5.2f} +- {error:.2f}   {two:10.2f}   {three:10.2f}")

# %% [markdown]
# ... and four neighbours only. No box of any size is mixed: on the scale of one wavelength, fluctuations are as large
# as the phases themselves. There is no linear stage, the pattern coarsens from the first sweep on, and *the* spinodal
# wavelength does not exist. The field is still right about what comes later, tension and coarsening, but not here.

# %%
short = LatticeGas(reduced_temperature=1.8)
alone = small_box_energy(short, 6)
early = np.array([1, 3, 10, 30, 100, 300])
nearest = pattern_wavelength(follow_quench(short, size=96, times=early, runs=8).spin.values)
print(f"4 neighbours, a box of 6: wavelength {float(alone.spinodal_wavelength):.1f}, "
      f"mixedness {float(alone.mixedness):.2f}; "
      f"mean field {float(spinodal_wavelength(mean_field_curvature(0.0, 1.8), 1.0)):.1f}; measured, from "
      f"{float(nearest.wavelength[0]):.1f} at 1 sweep to {float(nearest.wavelength[-1]):.1f} at 300")  # fmt: skip

axes[2].errorbar(times, measured.wavelength, measured.wavelength_error, fmt="o", label="48 neighbours, atoms")
axes[2].plot(times, linear, label="linear theory, from snapshots")
axes[2].plot(times, naive, "--", label="linear theory, mean field")
axes[2].axhline(predicted, color="0.6", label=f"fastest wavelength {predicted:.1f}")
axes[2].errorbar(early, nearest.wavelength, nearest.wavelength_error, fmt="s", mfc="none", label="4 neighbours, atoms")
axes[2].set(xscale="log", xlabel="sweeps since the quench", ylabel="wavelength", title="what the atoms do")
axes[2].legend(fontsize="small")
figure.savefig("from_atoms_to_a_field.png", dpi=120)

# %% [markdown]
# ## 4. The field takes over
#
# The two numbers, and the composition of the phases where $f$ is least, make a `CahnHilliard` model: a quartic well
# $f = r m^2/2 + u m^4/4$ in units of that composition, energies in $4J$. From here on, a box can be of any size.

# %%
phase = float(box.phase_composition)
field = CahnHilliard(
    well_depth=-curvature * phase**2 / 4, gradient_coefficient=gradient * phase**2 / 4,
    mobility_coefficient=4 * 0.25 / temperature / phase**2, start_amplitude=1 / (3 * phase), reduced_box_size=96.0,
    cells=32, reduced_duration=400.0, snapshots=7,
)  # fmt: skip
result = field.run(seed=1)
print(f"the field's own fastest wavelength: {float(result.fastest_wavelength):.1f}; its phases: {phase:.2f}, "
      f"mean field {float(mean_field_magnetization(temperature)):.2f}")  # fmt: skip
assert abs(float(result.fastest_wavelength) / predicted - 1) < 1e-6

pictures, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
left.imshow(spins[0, -1], cmap="gray")
left.set(title=f"atoms after {times[-1]} sweeps")
right.imshow(result.composition[-1, 0], cmap="gray", extent=(0, 96, 96, 0))
right.set(title="the field after 400")
pictures.savefig("from_atoms_to_a_field_patterns.png", dpi=120)

# %% [markdown]
# ## What to keep
#
# * $f$ and $\kappa$ come from snapshots, with errors; mean field can be wrong in the sign.
# * The $f$ of an unstable mixture belongs to a scale. Look whether your volume is mixed before you believe its number.
# * The range of the forces decides how long linear theory lives (Binder 1984): for 48 neighbours it describes the atoms
#   to a few percent until the waves are large, for four neighbours never.
#
# Cahn, Acta Metall. 9, 795 (1961), doi:10.1016/0001-6160(61)90182-1. Cook, Acta Metall. 18, 297 (1970),
# doi:10.1016/0001-6160(70)90144-6. Binder, Phys. Rev. A 29, 341 (1984), doi:10.1103/PhysRevA.29.341.
