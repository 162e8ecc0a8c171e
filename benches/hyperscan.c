/* The terms of a list in a text, by Hyperscan: the peer of the keyword kernel.
 *
 *     cc -O2 -o hyperscan benches/hyperscan.c -lhs && ./hyperscan TERMS.txt TEXT
 *
 * Terms are literals, case-insensitive, and count where no letter, digit or underscore stands beside them. Prints the best of
 * five scans in GB/s on one thread, and the hits: overlaps and negations are not looked at, which is less than roundup does. */
#include <ctype.h>
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *text;
static size_t size;
static unsigned *lengths;
static unsigned long hits;

static char *read_all(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file) { perror(path); exit(1); }
    fseek(file, 0, SEEK_END);
    *length = ftell(file);
    rewind(file);
    char *bytes = malloc(*length + 1);
    if (fread(bytes, 1, *length, file) != *length) exit(1);
    bytes[*length] = 0;
    return bytes;
}

static int is_word(unsigned char c) { return isalnum(c) || c == '_' || c >= 128; }

static int found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
    size_t start = to - lengths[id];
    int before = start > 0 && is_word(text[start - 1]) && is_word(text[start]);
    int after = to < size && is_word(text[to]) && is_word(text[to - 1]);
    hits += !before && !after;
    return 0;
}

int main(int argc, char **argv) {
    size_t length;
    char *list = read_all(argv[1], &length);
    text = read_all(argv[2], &size);
    unsigned count = 0, room = 1 << 16;
    const char **terms = malloc(room * sizeof *terms);
    unsigned *ids = malloc(room * sizeof *ids), *flags = malloc(room * sizeof *flags);
    size_t *bytes = malloc(room * sizeof *bytes);
    lengths = malloc(room * sizeof *lengths);
    for (char *term = strtok(list, "\n"); term && count < room; term = strtok(NULL, "\n")) {
        terms[count] = term;
        lengths[count] = bytes[count] = strlen(term);
        ids[count] = count;
        flags[count++] = HS_FLAG_CASELESS;
    }
    hs_database_t *database;
    hs_compile_error_t *error;
    if (hs_compile_lit_multi(terms, flags, ids, bytes, count, HS_MODE_BLOCK, NULL, &database, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    hs_scratch_t *scratch = NULL;
    hs_alloc_scratch(database, &scratch);
    double best = 1e9;
    for (int run = 0; run < 5; run++) {
        struct timespec begin, end;
        hits = 0;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
        hs_scan(database, text, size, 0, scratch, found, NULL);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
        double seconds = end.tv_sec - begin.tv_sec + (end.tv_nsec - begin.tv_nsec) / 1e9;
        if (seconds < best) best = seconds;
    }
    printf("{\"gigabytes_per_second\": %.3f, \"hits\": %lu}\n", size / best / 1e9, hits);
}
