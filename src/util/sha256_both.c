/*
 * sha256_both.c - the same bytes added to two hashes at the price of little more than one.
 *
 * Theory of operation: a round of SHA-256 waits for the one before it, so that one hash keeps the
 * processor's unit half idle. Where two hashes stand at the beginning of a block, both are given
 * the block in turn, four rounds each, and its schedule of words is worked out once. A file in a
 * tar begins at a multiple of 512 bytes, and so a block of the tar's hash is one of the file's.
 *
 * Elsewhere (other processors, hashes within a block) they are added to one after the other.
 */
#include "util/sha256.h"

#include <nettle/sha2.h>
#include <stdbool.h>

#undef sha256_init

#define BLOCK ((size_t)64)

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#define CPU_SSE41 (1u << 19) /* cpuid leaf 1, ecx */
#define CPU_SSSE3 (1u << 9)
#define CPU_SHA	  (1u << 29) /* leaf 7, ebx */

static bool cpu_has_sha(void)
{
	const unsigned first = CPU_SSE41 | CPU_SSSE3;
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & first) != first)
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & CPU_SHA);
}

/* FIPS 180-4, 4.2.2 */
static const uint32_t constants[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2
};

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

struct halves { /* the eight words as the instructions want them */
	__m128i abef, cdgh;
};

WITH_SHA static struct halves load(const uint32_t state[8])
{
	__m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)state);
	__m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
	__m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);

	return (struct halves){ _mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0) };
}

WITH_SHA static void store(const struct halves *h, uint32_t state[8])
{
	__m128i feba = _mm_shuffle_epi32(h->abef, 0x1b), dchg = _mm_shuffle_epi32(h->cdgh, 0xb1);

	_mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

WITH_SHA static void add_blocks(uint32_t one[8], uint32_t two[8], const uint8_t *p, size_t n)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	struct halves x = load(one), y = load(two);

	for (; n; n--, p += BLOCK) {
		const struct halves x0 = x, y0 = y;
		__m128i w[4];

		for (int i = 0; i < 4; i++)
			w[i] = _mm_shuffle_epi8(
				_mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)), swap);
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) { /* four rounds each */
			__m128i k =
				_mm_load_si128((const __m128i *)(const void *)(constants + 4 * i));
			__m128i low = _mm_add_epi32(w[i & 3], k), high = _mm_shuffle_epi32(low, 0x0e);

			x.cdgh = _mm_sha256rnds2_epu32(x.cdgh, x.abef, low);
			y.cdgh = _mm_sha256rnds2_epu32(y.cdgh, y.abef, low);
			x.abef = _mm_sha256rnds2_epu32(x.abef, x.cdgh, high);
			y.abef = _mm_sha256rnds2_epu32(y.abef, y.cdgh, high);
			if (i < 12) {
				__m128i last = w[(i + 3) & 3];
				__m128i nine = _mm_alignr_epi8(last, w[(i + 2) & 3], 4);
				__m128i sum = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);

				w[i & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(sum, nine), last);
			}
		}
		x.abef = _mm_add_epi32(x.abef, x0.abef);
		x.cdgh = _mm_add_epi32(x.cdgh, x0.cdgh);
		y.abef = _mm_add_epi32(y.abef, y0.abef);
		y.cdgh = _mm_add_epi32(y.cdgh, y0.cdgh);
	}
	store(&x, one);
	store(&y, two);
}

/* As many whole blocks as there are: bytes taken. */
static size_t add_together(struct sha256_ctx *a, struct sha256_ctx *b, const void *bytes, size_t n)
{
	size_t blocks = n / BLOCK;

	if (!blocks || a->index || b->index || !cpu_has_sha())
		return 0;
	add_blocks(a->state, b->state, bytes, blocks);
	a->count += blocks;
	b->count += blocks;
	return blocks * BLOCK;
}
#else
static size_t add_together(struct sha256_ctx *a, struct sha256_ctx *b, const void *bytes, size_t n)
{
	return 0;
}
#endif

void sha256_add_both(struct sha256 *a, struct sha256 *b, const void *bytes, size_t n)
{
	size_t done = add_together((struct sha256_ctx *)(void *)a->state,
				   (struct sha256_ctx *)(void *)b->state, bytes, n);

	sha256_add(a, (const char *)bytes + done, n - done);
	sha256_add(b, (const char *)bytes + done, n - done);
}
