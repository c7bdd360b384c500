"""An instance norm and the activation after it on CUDA, in two looks at an image instead of five.

The kernels are compiled by NVRTC, which torch brings along, when they are first needed. torch's
door to it is no promise (`torch.cuda._compile_kernel`), so that what they give is compared with
torch's own norm once; where there is no such door, or anything else is amiss, torch's layers do it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch.nn import functional

THREADS, BLOCKS, WRITERS = 256, 264, 1320
"""Threads of a block, and blocks at the most that share an image to sum it up and to write it: two
and ten for each of the 132 multiprocessors of the GPU that they were tried on."""
LANES = 8
"""Channels that a thread takes together, 16 bytes."""
MOST_CHANNELS = THREADS * LANES
TOLERANCE = 0.01
"""Difference to torch's norm of values of unit variance that half precision explains."""

SOURCE = r"""
__device__ __forceinline__ float widened(unsigned int bits) {
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"((unsigned short)bits));
    return value;
}

__device__ __forceinline__ unsigned int narrowed(float value) {
    unsigned short bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
}

// Sums of values and of squares of each channel over a block's share of rows (voxels).
extern "C" __global__ void sum_up(
    const unsigned short* image, float* sums, int rows, int channels) {
    __shared__ float shared[2][2048];
    const int groups = channels / 8, group = threadIdx.x % groups;
    const int height = blockDim.x / groups, line = threadIdx.x / groups;
    float values[8] = {}, squares[8] = {};
    if (line < height) {
        const long long step = (long long)gridDim.x * height;
        for (long long row = (long long)blockIdx.x * height + line; row < rows; row += step) {
            const uint4 read = *(const uint4*)(image + row * channels + group * 8);
            const unsigned int pairs[4] = {read.x, read.y, read.z, read.w};
            for (int i = 0; i < 4; ++i) {
                const float low = widened(pairs[i] & 0xffff), high = widened(pairs[i] >> 16);
                values[2 * i] += low;
                squares[2 * i] += low * low;
                values[2 * i + 1] += high;
                squares[2 * i + 1] += high * high;
            }
        }
        for (int i = 0; i < 8; ++i) {
            shared[0][line * channels + group * 8 + i] = values[i];
            shared[1][line * channels + group * 8 + i] = squares[i];
        }
    }
    __syncthreads();
    for (int channel = threadIdx.x; channel < channels; channel += blockDim.x) {
        for (int which = 0; which < 2; ++which) {
            float sum = 0.f;
            for (int i = 0; i < height; ++i) sum += shared[which][i * channels + channel];
            sums[((long long)blockIdx.x * 2 + which) * channels + channel] = sum;
        }
    }
}

// Scale and shift of each channel; one block each.
extern "C" __global__ void conclude(
    const float* sums, const float* weight, const float* bias, const float* epsilon,
    float* scales, int blocks, int rows, int channels) {
    __shared__ float shared[2][256];
    const int channel = blockIdx.x, thread = threadIdx.x;
    for (int which = 0; which < 2; ++which) {
        float sum = 0.f;
        for (int i = thread; i < blocks; i += blockDim.x)
            sum += sums[((long long)i * 2 + which) * channels + channel];
        shared[which][thread] = sum;
    }
    __syncthreads();
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        if (thread < half) {
            shared[0][thread] += shared[0][thread + half];
            shared[1][thread] += shared[1][thread + half];
        }
        __syncthreads();
    }
    if (thread == 0) {
        const float mean = shared[0][0] / rows;
        const float variance = fmaxf(shared[1][0] / rows - mean * mean, 0.f);
        const float scale = weight[channel] * rsqrtf(variance + *epsilon);
        scales[channel] = scale;
        scales[channels + channel] = bias[channel] - mean * scale;
    }
}

// Scale, shift and activate in place, eight channels of a voxel at a time.
extern "C" __global__ void activate(
    unsigned short* image, const float* scales, const float* slope, int eights, int channels) {
    __shared__ float shared[4096];
    for (int i = threadIdx.x; i < 2 * channels; i += blockDim.x) shared[i] = scales[i];
    __syncthreads();
    const float below = *slope;
    const int groups = channels / 8;
    const long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < eights; i += step) {
        const int first = (int)(i % groups) * 8;
        uint4 read = ((const uint4*)image)[i];
        unsigned int pairs[4] = {read.x, read.y, read.z, read.w};
        for (int pair = 0; pair < 4; ++pair) {
            const int low = first + 2 * pair, high = low + 1;
            float one = widened(pairs[pair] & 0xffff) * shared[low] + shared[channels + low];
            float two = widened(pairs[pair] >> 16) * shared[high] + shared[channels + high];
            one = one >= 0.f ? one : below * one;
            two = two >= 0.f ? two : below * two;
            pairs[pair] = narrowed(one) | (narrowed(two) << 16);
        }
        ((uint4*)image)[i] = make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
    }
}
"""

Kernel = Callable[[tuple[int, int, int], tuple[int, int, int], list[Any]], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NormKernels:
    """The three kernels, compiled."""

    sum_up: Kernel
    conclude: Kernel
    activate: Kernel

    def normalise(
        self,
        images: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        epsilon: torch.Tensor,
        slope: torch.Tensor,
    ) -> None:
        """Normalise each channel of each image, then a leaky rectifier, in place.

        Parameters
        ----------
        images : Tensor of float16, shape (batch, channel, ...)
            Whose channels lie side by side; a multiple of `LANES`, up to `MOST_CHANNELS`.
        weight, bias : Tensor of float32, shape (channel,)
        epsilon, slope : Tensor of float32, shape ()
            What is added to the variance; what values below zero are multiplied by.
        """
        channels, voxels = images.shape[1], images[0, 0].numel()
        blocks = min(BLOCKS, max(voxels // THREADS, 1))
        writers = min(WRITERS, -(-voxels * channels // (LANES * THREADS)))
        many = (THREADS, 1, 1)
        sums = torch.empty((blocks, 2, channels), device=images.device)
        scales = torch.empty((2, channels), device=images.device)
        for image in images:
            self.sum_up((blocks, 1, 1), many, [image, sums, voxels, channels])
            given = [sums, weight, bias, epsilon, scales, blocks, voxels, channels]
            self.conclude((channels, 1, 1), many, given)
            eights = voxels * channels // LANES
            self.activate((writers, 1, 1), many, [image, scales, slope, eights, channels])


@cache
def norm_kernels(device: torch.device) -> NormKernels | None:
    """The kernels for a GPU, or None where they can't be made or don't give what they should."""
    try:
        with torch.cuda.device(device):
            compiled = NormKernels(
                *(
                    torch.cuda._compile_kernel(SOURCE, name)
                    for name in ("sum_up", "conclude", "activate")
                )
            )
            if _agrees_with_torch(compiled, device):
                return compiled
        _log.warning("The kernels of norms differ from torch's norm: torch's is taken.")
    except Exception as error:
        _log.info("There are no kernels of norms: torch's layers are taken. %s", error)
    return None


def _agrees_with_torch(kernels: NormKernels, device: torch.device) -> bool:
    known = torch.Generator(device).manual_seed(0)
    shape = (2, 40, 9, 12, 10)
    images = 3 + 2 * torch.randn(shape, generator=known, device=device)
    images = images.half().contiguous(memory_format=torch.channels_last_3d)
    weight, bias = torch.rand((2, shape[1]), generator=known, device=device)
    normal = functional.instance_norm(images.float(), weight=weight, bias=bias, eps=1e-5)
    expected = functional.leaky_relu(normal, 0.01)
    numbers = (torch.tensor(number, device=device) for number in (1e-5, 0.01))
    kernels.normalise(images, weight, bias, *numbers)
    return bool((images.float() - expected).abs().max() < TOLERANCE)
