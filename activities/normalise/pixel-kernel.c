/*
 * Inner loops of PDQ and of the measures of a picture, for pixel-kernel.ts. Plain arithmetic in the order of the
 * TypeScript around it: a sum of floats depends on its order, and a picture's facts must not.
 *   clang --target=wasm32 -O3 -msimd128 -mbulk-memory -mnontrapping-fptoint -ffp-contract=off -fno-builtin \
 *     -nostdlib -Wl,--no-entry -Wl,--strip-all -o pixel-kernel.wasm pixel-kernel.c
 */
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(name), visibility("default")))
#define SIDE 512
#define MAX_WIDTH 65536

typedef unsigned char u8;
typedef unsigned int u32;

static u8 row[3 * MAX_WIDTH + 16]; /* read by 16 bytes */
static double lumas[MAX_WIDTH + 4];
static u32 ends[SIDE];
static double shares[SIDE];
static double line[SIDE];
static double luma[SIDE * SIDE];
static double moments[2];
static u32 bins[256];
static float plane[SIDE * SIDE];
static float other[SIDE * SIDE];
static u32 taken[SIDE];
static float matrix[16 * 64];
static float half[16 * 64];
static float frequencies[16 * 16];

EXPORT("row") void *row_at(void) { return row; }
EXPORT("ends") void *ends_at(void) { return ends; }
EXPORT("shares") void *shares_at(void) { return shares; }
EXPORT("luma") void *luma_at(void) { return luma; }
EXPORT("moments") void *moments_at(void) { return moments; }
EXPORT("bins") void *bins_at(void) { return bins; }
EXPORT("plane") void *plane_at(void) { return plane; }
EXPORT("matrix") void *matrix_at(void) { return matrix; }
EXPORT("frequencies") void *frequencies_at(void) { return frequencies; }
EXPORT("taken") void *taken_at(void) { return taken; }

static inline double luma_of(const u8 *p) { return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]; }

/* Lumas of `width` pixels of `row`, four at a time. */
static void row_lumas(u32 width) {
  const v128_t red = wasm_i8x16_const(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1);
  const v128_t green = wasm_i8x16_const(1, -1, -1, -1, 4, -1, -1, -1, 7, -1, -1, -1, 10, -1, -1, -1);
  const v128_t blue = wasm_i8x16_const(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1);
  const v128_t r_part = wasm_f64x2_splat(0.299), g_part = wasm_f64x2_splat(0.587), b_part = wasm_f64x2_splat(0.114);
  for (u32 x = 0; x < width; x += 4) {
    const v128_t bytes = wasm_v128_load(row + 3 * x);
    v128_t r = wasm_i8x16_swizzle(bytes, red);
    v128_t g = wasm_i8x16_swizzle(bytes, green);
    v128_t b = wasm_i8x16_swizzle(bytes, blue);
    for (u32 half = 0; half < 4; half += 2) {
      const v128_t rg = wasm_f64x2_add(wasm_f64x2_mul(r_part, wasm_f64x2_convert_low_i32x4(r)),
                                       wasm_f64x2_mul(g_part, wasm_f64x2_convert_low_i32x4(g)));
      wasm_v128_store(lumas + x + half, wasm_f64x2_add(rg, wasm_f64x2_mul(b_part, wasm_f64x2_convert_low_i32x4(b))));
      r = wasm_i32x4_shuffle(r, r, 2, 3, 2, 3);
      g = wasm_i32x4_shuffle(g, g, 2, 3, 2, 3);
      b = wasm_i32x4_shuffle(b, b, 2, 3, 2, 3);
    }
  }
}

/* Sums the lumas of `row` into the cells of `line`; a pixel on a border counts for both cells by its shares. */
EXPORT("averageLine") void average_line(u32 width, u32 cells) {
  row_lumas(width);
  u32 at = 0;
  double rest = 0;
  for (u32 x = 0; x < cells; x++) {
    double sum = rest;
    for (const u32 stop = ends[x]; at < stop; at++) sum += lumas[at];
    rest = 0;
    if (shares[x] > 0) {
      const double value = lumas[at++];
      sum += value * shares[x];
      rest = value * (1 - shares[x]);
    }
    line[x] = sum;
  }
}

EXPORT("addLine") void add_line(u32 start, u32 cells, double share) {
  for (u32 x = 0; x < cells; x++) luma[start + x] += line[x] * share;
}

EXPORT("clear") void clear(u32 cells) {
  for (u32 at = 0; at < cells; at++) luma[at] = 0;
}

EXPORT("divide") void divide(u32 cells, double area) {
  for (u32 at = 0; at < cells; at++) luma[at] /= area;
}

/* Sum and sum of squares of the Laplacian of `luma`, without its border. */
EXPORT("laplacian") void laplacian(u32 width, u32 height) {
  double sum = 0, squares = 0;
  for (u32 y = 1; y + 1 < height; y++) {
    const double *l = luma + y * width;
    for (u32 x = 1; x + 1 < width; x++) {
      const double value = l[x - 1] + l[x + 1] + l[(int)x - (int)width] + l[x + width] - 4 * l[x];
      sum += value;
      squares += value * value;
    }
  }
  moments[0] = sum;
  moments[1] = squares;
}

EXPORT("histogram") void histogram(u32 cells) {
  for (u32 bin = 0; bin < 256; bin++) bins[bin] = 0;
  for (u32 at = 0; at < cells; at++) {
    const int bin = (int)(luma[at] + 0.5); /* lumas are not negative: this is the floor */
    bins[bin > 255 ? 255 : bin]++;
  }
}

/*
 * Mean over a sliding window along the lines of `from`, whose ends shrink at the border: the window grows, slides and
 * shrinks again. Line `n` becomes column `n` of `to`, of which the places in `taken` (ascending) are written.
 */
static void blur(const float *from, float *to, u32 length, u32 lines, u32 places) {
  const u32 window = (length + 127) / 128, lead = window / 2;
  u32 first = 0;
  for (; first + 4 <= lines; first += 4) {
    const float *a = from + first * length, *b = a + length, *c = b + length, *d = c + length;
    v128_t sum = wasm_f32x4_splat(0);
    u32 right = 0, left = 0, size = 0;
    for (u32 place = 0; place < places; place++) {
      const u32 end = taken[place] + lead + 1;
      for (; right < end && right < length; right++) {
        sum = wasm_f32x4_add(sum, wasm_f32x4_make(a[right], b[right], c[right], d[right]));
        if (size < window) size++;
        else {
          sum = wasm_f32x4_sub(sum, wasm_f32x4_make(a[left], b[left], c[left], d[left]));
          left++;
        }
      }
      for (; right == length && left + window < end; left++, size--)
        sum = wasm_f32x4_sub(sum, wasm_f32x4_make(a[left], b[left], c[left], d[left]));
      wasm_v128_store(to + place * lines + first, wasm_f32x4_div(sum, wasm_f32x4_splat((float)size)));
    }
  }
  for (; first < lines; first++) {
    const float *a = from + first * length;
    float sum = 0;
    u32 right = 0, left = 0, size = 0;
    for (u32 place = 0; place < places; place++) {
      const u32 end = taken[place] + lead + 1;
      for (; right < end && right < length; right++) {
        sum += a[right];
        if (size < window) size++;
        else sum -= a[left++];
      }
      for (; right == length && left + window < end; left++, size--) sum -= a[left];
      to[place * lines + first] = sum / (float)size;
    }
  }
}

/* Lumas of every pixel of `row` that `taken` names, as a row of `plane`. */
EXPORT("sampleRow") void sample_row(u32 start, u32 places) {
  for (u32 place = 0; place < places; place++) plane[start + place] = (float)luma_of(row + 3 * taken[place]);
}

static void take_all(u32 length) {
  for (u32 at = 0; at < length; at++) taken[at] = at;
}

static void take_middles(u32 length) {
  for (u32 cell = 0; cell < 64; cell++) taken[cell] = (u32)((cell + 0.5) * length / 64);
}

/* Two passes of the box filter over rows and columns of `plane`; leaves the middles of a grid of 64x64 cells there. */
EXPORT("blurredGrid") void blurred_grid(u32 width, u32 height) {
  take_all(width);
  blur(plane, other, width, height, width);
  take_all(height);
  blur(other, plane, height, width, height);
  take_middles(width);
  blur(plane, other, width, height, 64);
  take_middles(height);
  blur(other, plane, height, 64, 64);
}

/* The 16x16 low frequencies of the grid in `plane`: D A D^T. */
EXPORT("dct16") void dct16(void) {
  for (u32 at = 0; at < 16 * 64; at++) half[at] = 0;
  for (u32 i = 0; i < 16; i++)
    for (u32 k = 0; k < 64; k++)
      for (u32 j = 0; j < 64; j++) half[i * 64 + j] += matrix[i * 64 + k] * plane[k * 64 + j];
  for (u32 i = 0; i < 16; i++)
    for (u32 j = 0; j < 16; j++) {
      float sum = 0;
      for (u32 k = 0; k < 64; k++) sum += half[i * 64 + k] * matrix[j * 64 + k];
      frequencies[i * 16 + j] = sum;
    }
}
