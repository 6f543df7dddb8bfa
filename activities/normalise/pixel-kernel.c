/*
 * Inner loops of PDQ, of the measures of a picture and of its shrinking, for pixel-kernel.ts. Plain arithmetic in an order
 * that is the same on every machine: a sum of floats depends on its order, and a picture's facts must not.
 *   clang --target=wasm32 -O3 -msimd128 -mbulk-memory -mnontrapping-fptoint -ffp-contract=off -fno-builtin \
 *     -nostdlib -Wl,--no-entry -Wl,--strip-all -o pixel-kernel.wasm pixel-kernel.c
 */
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(name), visibility("default")))
#define SIDE 512
#define MAX_WIDTH 65536
/* Floats from one line of a plane to the next: one line lies in other lines of the cache than the last. */
#define STRIDE (SIDE + 16)
/* Lines that a blur takes at a time. */
#define LANES 8

typedef unsigned char u8;
typedef unsigned int u32;

static u8 strip[3 * MAX_WIDTH + 64];  /* some rows of the picture; read by 48 bytes */
static u8 small[3 * MAX_WIDTH + 64];  /* rows of the shrunk picture that the strip completed */
static float luma[SIDE * SIDE + 16];
static double moments[2];
static u32 bins[256];
static float plane[SIDE * STRIDE];
static float other[SIDE * STRIDE];
static float turned[SIDE * LANES];
static u32 taken[SIDE + 4];
static float matrix[16 * 64];
static float half[16 * 64];
static float frequencies[16 * 16];

EXPORT("strip") void *strip_at(void) { return strip; }
EXPORT("small") void *small_at(void) { return small; }
EXPORT("luma") void *luma_at(void) { return luma; }
EXPORT("moments") void *moments_at(void) { return moments; }
EXPORT("bins") void *bins_at(void) { return bins; }
EXPORT("plane") void *plane_at(void) { return plane; }
EXPORT("matrix") void *matrix_at(void) { return matrix; }
EXPORT("frequencies") void *frequencies_at(void) { return frequencies; }

/* One axis of an area average: cell `n` ends in pixel `ends[n]`, of which it takes `shares[n]`. */
typedef struct {
  u32 from, to;
  u32 ends[MAX_WIDTH / 2];
  float shares[MAX_WIDTH / 2];
} Axis;

static void split(Axis *axis, u32 from, u32 to) {
  axis->from = from;
  axis->to = to;
  for (u32 cell = 0; cell < to; cell++) {
    /* In units of 1/to of a pixel all borders are whole numbers. */
    const u32 border = (cell + 1) * from;
    axis->ends[cell] = border / to;
    axis->shares[cell] = (float)(border % to) / (float)to;
  }
}

static u32 width, height, row_no;
static Axis luma_rows, luma_columns, small_rows, small_columns;
static u32 luma_line, small_row; /* the one that is being filled */
static u32 sample_width, sample_height, sampled;
static u32 small_bytes, lines_held;
static float luma_sum[MAX_WIDTH + 16];        /* of rows not yet ended, by 1000 */
static float luma_lines[4][MAX_WIDTH + 16];   /* ended lines that wait to be four */
static float columns4[4 * (MAX_WIDTH + 16)];  /* the four, place by place */
static float cells4[4 * (SIDE + 4)];
static float small_sum[3 * MAX_WIDTH + 64];
static float small_line[3 * MAX_WIDTH + 64];

static inline void transpose(v128_t *a, v128_t *b, v128_t *c, v128_t *d) {
  const v128_t ab = wasm_i32x4_shuffle(*a, *b, 0, 4, 1, 5), cd = wasm_i32x4_shuffle(*c, *d, 0, 4, 1, 5);
  const v128_t ab2 = wasm_i32x4_shuffle(*a, *b, 2, 6, 3, 7), cd2 = wasm_i32x4_shuffle(*c, *d, 2, 6, 3, 7);
  *a = wasm_i64x2_shuffle(ab, cd, 0, 2);
  *b = wasm_i64x2_shuffle(ab, cd, 1, 3);
  *c = wasm_i64x2_shuffle(ab2, cd2, 0, 2);
  *d = wasm_i64x2_shuffle(ab2, cd2, 1, 3);
}

/* Rec. 601 lumas by 1000 of four pixels: whole numbers, exact. */
static inline v128_t lumas4(const u8 *pixels) {
  const v128_t bytes = wasm_v128_load(pixels);
  const v128_t red_green = wasm_i8x16_swizzle(bytes, wasm_i8x16_const(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
  const v128_t blue = wasm_i8x16_swizzle(bytes, wasm_i8x16_const(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
  const v128_t sum = wasm_i32x4_dot_i16x8(red_green, wasm_i16x8_const(299, 587, 299, 587, 299, 587, 299, 587));
  return wasm_f32x4_convert_i32x4(wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(blue, wasm_i16x8_const(114, 0, 114, 0, 114, 0, 114, 0))));
}

/* The four lines that wait become lines of `luma` from line `first` on; what a line beyond the last holds is not used. */
static void average_lines(u32 first, u32 lines) {
  for (u32 x = 0; x < width; x += 4) {
    v128_t a = wasm_v128_load(luma_lines[0] + x), b = wasm_v128_load(luma_lines[1] + x);
    v128_t c = wasm_v128_load(luma_lines[2] + x), d = wasm_v128_load(luma_lines[3] + x);
    transpose(&a, &b, &c, &d);
    float *to = columns4 + 4 * x;
    wasm_v128_store(to, a);
    wasm_v128_store(to + 4, b);
    wasm_v128_store(to + 8, c);
    wasm_v128_store(to + 12, d);
  }
  const Axis *axis = &luma_columns;
  const float area = 1000 * ((float)axis->from / (float)axis->to) * ((float)luma_rows.from / (float)luma_rows.to);
  const v128_t divisor = wasm_f32x4_splat(area);
  v128_t rest = wasm_f32x4_splat(0);
  u32 x = 0;
  for (u32 cell = 0; cell < axis->to; cell++) {
    const u32 end = axis->ends[cell];
    const float share = axis->shares[cell];
    v128_t sum = rest;
    for (; x < end; x++) sum = wasm_f32x4_add(sum, wasm_v128_load(columns4 + 4 * x));
    rest = wasm_f32x4_splat(0);
    if (share > 0) {
      const v128_t value = wasm_v128_load(columns4 + 4 * x++);
      sum = wasm_f32x4_add(sum, wasm_f32x4_mul(value, wasm_f32x4_splat(share)));
      rest = wasm_f32x4_mul(value, wasm_f32x4_splat(1 - share));
    }
    wasm_v128_store(cells4 + 4 * cell, wasm_f32x4_div(sum, divisor));
  }
  for (u32 line = 0; line < lines; line++) {
    float *to = luma + (first + line) * axis->to;
    for (u32 cell = 0; cell < axis->to; cell++) to[cell] = cells4[4 * cell + line];
  }
}

static void end_luma_line(void) {
  lines_held++;
  luma_line++;
  if (lines_held < 4 && luma_line < luma_rows.to) return;
  average_lines(luma_line - lines_held, lines_held);
  lines_held = 0;
}

static void add_to_luma(const u8 *row) {
  const u32 end = luma_rows.ends[luma_line];
  const float part = luma_rows.shares[luma_line];
  if (row_no < end) {
    const int ends = row_no + 1 == end && part == 0;
    float *to = ends ? luma_lines[lines_held] : luma_sum;
    for (u32 x = 0; x < width; x += 4)
      wasm_v128_store(to + x, wasm_f32x4_add(wasm_v128_load(luma_sum + x), lumas4(row + 3 * x)));
    if (!ends) return;
    for (u32 x = 0; x < width; x += 4) wasm_v128_store(luma_sum + x, wasm_f32x4_splat(0));
    return end_luma_line();
  }
  const v128_t share = wasm_f32x4_splat(part), rest = wasm_f32x4_splat(1 - part);
  float *to = luma_lines[lines_held];
  for (u32 x = 0; x < width; x += 4) {
    const v128_t value = lumas4(row + 3 * x);
    wasm_v128_store(to + x, wasm_f32x4_add(wasm_v128_load(luma_sum + x), wasm_f32x4_mul(value, share)));
    wasm_v128_store(luma_sum + x, wasm_f32x4_mul(value, rest));
  }
  end_luma_line();
}

/* Sixteen words of two vectors as floats. */
static inline void floats16(v128_t low, v128_t high, v128_t *to) {
  to[0] = wasm_f32x4_convert_i32x4(wasm_u32x4_extend_low_u16x8(low));
  to[1] = wasm_f32x4_convert_i32x4(wasm_u32x4_extend_high_u16x8(low));
  to[2] = wasm_f32x4_convert_i32x4(wasm_u32x4_extend_low_u16x8(high));
  to[3] = wasm_f32x4_convert_i32x4(wasm_u32x4_extend_high_u16x8(high));
}

/* A line of sums becomes a row of the shrunk picture, rounded to nearest. */
static void end_small_row(const float *line) {
  const Axis *axis = &small_columns;
  const float area = ((float)axis->from / (float)axis->to) * ((float)small_rows.from / (float)small_rows.to);
  const v128_t divisor = wasm_f32x4_splat(area), nearest = wasm_f32x4_splat(0.5f);
  u8 *to = small + small_bytes;
  /* Red, green and blue in three lanes; the fourth holds the next pixel's red and is overwritten. */
  v128_t rest = wasm_f32x4_splat(0);
  u32 x = 0;
  for (u32 cell = 0; cell < axis->to; cell++) {
    const u32 end = axis->ends[cell];
    const float share = axis->shares[cell];
    v128_t sum = rest;
    for (; x < end; x++) sum = wasm_f32x4_add(sum, wasm_v128_load(line + 3 * x));
    rest = wasm_f32x4_splat(0);
    if (share > 0) {
      const v128_t value = wasm_v128_load(line + 3 * x++);
      sum = wasm_f32x4_add(sum, wasm_f32x4_mul(value, wasm_f32x4_splat(share)));
      rest = wasm_f32x4_mul(value, wasm_f32x4_splat(1 - share));
    }
    const v128_t whole = wasm_u32x4_trunc_sat_f32x4(wasm_f32x4_add(wasm_f32x4_div(sum, divisor), nearest));
    const v128_t words = wasm_u16x8_narrow_i32x4(whole, whole);
    wasm_v128_store32_lane(to + 3 * cell, wasm_u8x16_narrow_i16x8(words, words), 0);
  }
  small_bytes += 3 * axis->to;
  small_row++;
}

/* Rows that lie in the cell wholly; their sum is exact in words for as many as fit. */
static void add_whole_rows(const u8 *rows, u32 count) {
  const u32 bytes = 3 * width;
  v128_t values[4];
  for (u32 at = 0; at < bytes; at += 16) {
    v128_t low = wasm_i16x8_splat(0), high = low;
    for (const u8 *row = rows + at, *stop = row + count * bytes; row < stop; row += bytes) {
      const v128_t all = wasm_v128_load(row);
      low = wasm_i16x8_add(low, wasm_u16x8_extend_low_u8x16(all));
      high = wasm_i16x8_add(high, wasm_u16x8_extend_high_u8x16(all));
    }
    floats16(low, high, values);
    for (u32 i = 0; i < 4; i++) {
      float *sum = small_sum + at + 4 * i;
      wasm_v128_store(sum, wasm_f32x4_add(wasm_v128_load(sum), values[i]));
    }
  }
}

/* The row in which a cell ends; the rest of it begins the next one. */
static void split_row(const u8 *row, float part) {
  const v128_t share = wasm_f32x4_splat(part), rest = wasm_f32x4_splat(1 - part);
  v128_t values[4];
  for (u32 at = 0; at < 3 * width; at += 16) {
    const v128_t all = wasm_v128_load(row + at);
    floats16(wasm_u16x8_extend_low_u8x16(all), wasm_u16x8_extend_high_u8x16(all), values);
    for (u32 i = 0; i < 4; i++) {
      float *sum = small_sum + at + 4 * i;
      wasm_v128_store(small_line + at + 4 * i, wasm_f32x4_add(wasm_v128_load(sum), wasm_f32x4_mul(values[i], share)));
      wasm_v128_store(sum, wasm_f32x4_mul(values[i], rest));
    }
  }
  end_small_row(small_line);
}

/* Rows whose sum fits into a word. */
#define MAX_WHOLE_ROWS 256

static void shrink_rows(u32 rows) {
  for (u32 at = 0; at < rows;) {
    const u32 end = small_rows.ends[small_row] - row_no;
    const float part = small_rows.shares[small_row];
    u32 whole = end - at < rows - at ? end - at : rows - at;
    if (whole > MAX_WHOLE_ROWS) whole = MAX_WHOLE_ROWS;
    if (whole > 0) add_whole_rows(strip + 3 * width * at, whole);
    at += whole;
    if (at < end) continue;
    if (part == 0) {
      end_small_row(small_sum);
      for (u32 i = 0; i < 3 * width; i += 4) wasm_v128_store(small_sum + i, wasm_f32x4_splat(0));
    } else if (at < rows) {
      split_row(strip + 3 * width * at, part);
      at++;
    } else return;
  }
}

static inline v128_t weighed(v128_t red, v128_t green, v128_t blue) {
  const v128_t rg = wasm_f64x2_add(wasm_f64x2_mul(wasm_f64x2_splat(0.299), wasm_f64x2_convert_low_i32x4(red)),
                                   wasm_f64x2_mul(wasm_f64x2_splat(0.587), wasm_f64x2_convert_low_i32x4(green)));
  const v128_t all = wasm_f64x2_add(rg, wasm_f64x2_mul(wasm_f64x2_splat(0.114), wasm_f64x2_convert_low_i32x4(blue)));
  return wasm_f32x4_demote_f64x2_zero(all);
}

/* Lumas of the pixels that `taken` names, as every line of `plane` that samples this row. */
static void sample(const u8 *row) {
  float *first = 0;
  while (sampled < sample_height && sampled * height / sample_height == row_no) {
    float *to = plane + sampled * STRIDE;
    sampled++;
    if (first) {
      for (u32 x = 0; x < sample_width; x += 4) wasm_v128_store(to + x, wasm_v128_load(first + x));
      continue;
    }
    first = to;
    for (u32 x = 0; x < sample_width; x += 4) {
      v128_t pixels = wasm_v128_load32_zero(row + 3 * taken[x]);
      pixels = wasm_v128_load32_lane(row + 3 * taken[x + 1], pixels, 1);
      pixels = wasm_v128_load32_lane(row + 3 * taken[x + 2], pixels, 2);
      pixels = wasm_v128_load32_lane(row + 3 * taken[x + 3], pixels, 3);
      const v128_t low = wasm_i32x4_splat(255);
      const v128_t red = wasm_v128_and(pixels, low), green = wasm_v128_and(wasm_u32x4_shr(pixels, 8), low);
      const v128_t blue = wasm_v128_and(wasm_u32x4_shr(pixels, 16), low);
      const v128_t two = weighed(red, green, blue);
      const v128_t more = weighed(wasm_i32x4_shuffle(red, red, 2, 3, 2, 3), wasm_i32x4_shuffle(green, green, 2, 3, 2, 3),
                                  wasm_i32x4_shuffle(blue, blue, 2, 3, 2, 3));
      wasm_v128_store(to + x, wasm_i64x2_shuffle(two, more, 0, 2));
    }
  }
}

/* Before the first strip; a size of 0 says that luma, sample or shrunk picture is not wanted. */
EXPORT("begin")
void begin(u32 from_width, u32 from_height, u32 luma_width, u32 luma_height, u32 to_width, u32 to_height, u32 small_width,
           u32 small_height) {
  width = from_width;
  height = from_height;
  row_no = sampled = lines_held = luma_line = small_row = 0;
  split(&luma_columns, width, luma_width);
  split(&luma_rows, height, luma_height);
  split(&small_columns, width, small_width);
  split(&small_rows, height, small_height);
  sample_width = to_width;
  sample_height = to_height;
  for (u32 x = 0; x < SIDE + 4; x++) taken[x] = x < to_width ? x * width / to_width : 0;
  for (u32 x = 0; x < width; x++) luma_sum[x] = 0;
  for (u32 at = 0; at < 3 * width; at++) small_sum[at] = 0;
}

/* Reads the next rows, which lie in `strip`; returns how many bytes of the shrunk picture lie in `small`. */
EXPORT("readStrip") u32 read_strip(u32 rows) {
  small_bytes = 0;
  if (small_rows.to > 0) shrink_rows(rows);
  for (u32 at = 0; at < rows; at++, row_no++) {
    const u8 *row = strip + at * 3 * width;
    if (luma_rows.to > 0) add_to_luma(row);
    sample(row);
  }
  return small_bytes;
}

/* Sum and sum of squares of the Laplacian of `luma`, without its border. */
EXPORT("laplacian") void laplacian(void) {
  const u32 side = luma_columns.to;
  v128_t sum = wasm_f64x2_splat(0), squares = sum;
  double sum_rest = 0, squares_rest = 0;
  for (u32 y = 1; y + 1 < luma_rows.to; y++) {
    const float *l = luma + y * side, *above = l - side, *below = l + side;
    u32 x = 1;
    for (; x + 4 < side; x += 4) {
      const v128_t beside = wasm_f32x4_add(wasm_v128_load(l + x - 1), wasm_v128_load(l + x + 1));
      const v128_t over = wasm_f32x4_add(wasm_v128_load(above + x), wasm_v128_load(below + x));
      const v128_t middle = wasm_f32x4_mul(wasm_v128_load(l + x), wasm_f32x4_splat(4));
      const v128_t value = wasm_f32x4_sub(wasm_f32x4_add(beside, over), middle);
      const v128_t a = wasm_f64x2_promote_low_f32x4(value);
      const v128_t b = wasm_f64x2_promote_low_f32x4(wasm_i64x2_shuffle(value, value, 1, 1));
      sum = wasm_f64x2_add(sum, wasm_f64x2_add(a, b));
      squares = wasm_f64x2_add(squares, wasm_f64x2_add(wasm_f64x2_mul(a, a), wasm_f64x2_mul(b, b)));
    }
    for (; x + 1 < side; x++) {
      const double value = l[x - 1] + l[x + 1] + (above[x] + below[x]) - 4 * l[x];
      sum_rest += value;
      squares_rest += value * value;
    }
  }
  moments[0] = wasm_f64x2_extract_lane(sum, 0) + wasm_f64x2_extract_lane(sum, 1) + sum_rest;
  moments[1] = wasm_f64x2_extract_lane(squares, 0) + wasm_f64x2_extract_lane(squares, 1) + squares_rest;
}

EXPORT("histogram") void histogram(void) {
  const u32 cells = luma_columns.to * luma_rows.to;
  for (u32 bin = 0; bin < 256; bin++) bins[bin] = 0;
  for (u32 at = 0; at < cells; at++) {
    const int bin = (int)(luma[at] + 0.5f); /* lumas are not negative: this is the floor */
    bins[bin > 255 ? 255 : bin]++;
  }
}

/* Eight lines of `from`, place by place. */
static void turn(const float *from, u32 length) {
  for (u32 x = 0; x < length; x += 4)
    for (u32 group = 0; group < LANES; group += 4) {
      const float *at = from + group * STRIDE + x;
      v128_t a = wasm_v128_load(at), b = wasm_v128_load(at + STRIDE);
      v128_t c = wasm_v128_load(at + 2 * STRIDE), d = wasm_v128_load(at + 3 * STRIDE);
      transpose(&a, &b, &c, &d);
      float *to = turned + x * LANES + group;
      wasm_v128_store(to, a);
      wasm_v128_store(to + LANES, b);
      wasm_v128_store(to + 2 * LANES, c);
      wasm_v128_store(to + 3 * LANES, d);
    }
}

/*
 * Mean over a sliding window along the lines of `from`, whose ends shrink at the border: the window grows, slides and
 * shrinks again. Line `n` becomes column `n` of `to`, of which the places in `taken` (ascending) are written. Lines
 * beyond the last fill up the lanes; nothing reads what becomes of them.
 */
static void blur(const float *from, float *to, u32 length, u32 lines, u32 places) {
  const u32 window = (length + 127) / 128, lead = window / 2;
  for (u32 first = 0; first < lines; first += LANES) {
    turn(from + first * STRIDE, length);
    v128_t sum = wasm_f32x4_splat(0), sum2 = sum;
    u32 right = 0, left = 0, size = 0;
    for (u32 place = 0; place < places; place++) {
      const u32 end = taken[place] + lead + 1;
      for (; right < end && right < length; right++) {
        sum = wasm_f32x4_add(sum, wasm_v128_load(turned + right * LANES));
        sum2 = wasm_f32x4_add(sum2, wasm_v128_load(turned + right * LANES + 4));
        if (size < window) size++;
        else {
          sum = wasm_f32x4_sub(sum, wasm_v128_load(turned + left * LANES));
          sum2 = wasm_f32x4_sub(sum2, wasm_v128_load(turned + left * LANES + 4));
          left++;
        }
      }
      for (; right == length && left + window < end; left++, size--) {
        sum = wasm_f32x4_sub(sum, wasm_v128_load(turned + left * LANES));
        sum2 = wasm_f32x4_sub(sum2, wasm_v128_load(turned + left * LANES + 4));
      }
      float *out = to + place * STRIDE + first;
      const v128_t divisor = wasm_f32x4_splat((float)size);
      wasm_v128_store(out, wasm_f32x4_div(sum, divisor));
      wasm_v128_store(out + 4, wasm_f32x4_div(sum2, divisor));
    }
  }
}

static void take_all(u32 length) {
  for (u32 at = 0; at < length; at++) taken[at] = at;
}

static void take_middles(u32 length) {
  for (u32 cell = 0; cell < 64; cell++) taken[cell] = (u32)((cell + 0.5) * length / 64);
}

/*
 * Two passes of the box filter over rows and columns of the sample; the middles of a grid of 64x64 cells are left at the
 * head of `plane`. A sample of the grid's own size is the grid.
 */
EXPORT("blurredGrid") void blurred_grid(void) {
  const u32 columns = sample_width, rows = sample_height;
  if (columns != 64 || rows != 64) {
    take_all(columns);
    blur(plane, other, columns, rows, columns);
    take_all(rows);
    blur(other, plane, rows, columns, rows);
    take_middles(columns);
    blur(plane, other, columns, rows, 64);
    take_middles(rows);
    blur(other, plane, rows, 64, 64);
  }
  for (u32 line = 1; line < 64; line++)
    for (u32 at = 0; at < 64; at++) plane[line * 64 + at] = plane[line * STRIDE + at];
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
