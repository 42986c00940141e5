/*
 * The load client: holds thousands of event streams on 127.0.0.1, checks every one of them for lost, repeated and
 * reordered events, and measures how old an event is when it is read.
 *
 * It has to be far cheaper than any server, and exact. So: C, one thread, epoll, one read per wake of a connection, no
 * allocation after the head of a response.
 *
 * An event is a line `data: {"n":<number>,"t":<nanoseconds>,…`: `n` counts 1, 2, 3 … in each stream, `t` is the
 * CLOCK_MONOTONIC of its dispatch. A data line of another length than --data-bytes counts as damaged.
 *
 *   load-client --port 1234 --connections 1000 --path /streams/%d/sse --streams 1
 *               [--in-flight 200] [--stalled 0] [--data-bytes 300] [--nap-us 0] [--core -1]
 *
 * Commands on stdin, one a line; answers on stdout, one JSON object a line:
 *   (none)      -> {"type":"connected",…} once every connection has the head of its response
 *   expect <n>  -> {"type":"reached",…} once every connection has event n
 *   measure <n>    latencies are taken of events after n, from now on
 *   stats       -> {"type":"stats",…}
 * It ends when stdin does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTING, HEAD, BODY, CLOSED };
enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END };

/* As much of a line as is ever looked at. */
#define LINE_BYTES 160
#define HEAD_BYTES 2048
#define READ_BYTES (256 * 1024)
/* Latencies: 64 steps per power of two of a microsecond, so within 1.6%. */
#define STEPS 64
#define BUCKETS (STEPS * 40)

struct connection {
  int fd;
  int stream;
  uint8_t state, is_chunked, is_stalled, chunk_state;
  uint32_t chunk_left;
  uint32_t chunk_trailing;
  uint32_t head_length;
  char *head;
  uint32_t line_total; /* bytes of the unfinished line, of which at most LINE_BYTES are kept */
  char line[LINE_BYTES];
  uint64_t last;    /* the greatest n so far */
  uint64_t missing; /* numbers that were skipped and have not come since */
};

static int port, connections = 1, streams = 1, in_flight_max = 200, stalled, data_bytes = 300, nap_us, core = -1;
static const char *path = "/streams/%d/sse";

static struct connection *all;
static int epoll_fd, begun, in_flight, connected, closed;
static uint64_t target, behind, measure_after, refused;
static uint64_t delivered, repeated, reordered, damaged, body_bytes, reads;
static uint64_t buckets[BUCKETS], measured, worst_us;
static uint64_t started_ns;
static char buffer[READ_BYTES];

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "load-client: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int bucket_of(uint64_t us) {
  if (us < STEPS) return (int)us;
  int power = 63 - __builtin_clzll(us);
  int index = (power - 5) * STEPS + (int)((us >> (power - 6)) & (STEPS - 1));
  return index < BUCKETS ? index : BUCKETS - 1;
}

static double bucket_us(int index) {
  if (index < STEPS) return index;
  int power = index / STEPS + 5;
  return (double)((uint64_t)(STEPS + index % STEPS) << (power - 6));
}

static double percentile_us(double share) {
  uint64_t wanted = (uint64_t)((double)measured * share), seen = 0;
  for (int index = 0; index < BUCKETS; index++) {
    seen += buckets[index];
    if (seen > wanted) return bucket_us(index);
  }
  return (double)worst_us;
}

static void report_reached(void) {
  printf("{\"type\":\"reached\",\"n\":%llu,\"ms\":%.3f}\n", (unsigned long long)target,
         (double)(now_ns() - started_ns) / 1e6);
  fflush(stdout);
}

static void expect(uint64_t n) {
  target = n;
  behind = 0;
  for (int index = 0; index < connections; index++)
    if (!all[index].is_stalled && all[index].last < n) behind++;
  if (behind == 0) report_reached();
}

static void take_event(struct connection *connection, uint64_t n, uint64_t t, uint64_t read_ns) {
  uint64_t before = connection->last;
  delivered++;
  if (n == connection->last + 1) {
    connection->last = n;
  } else if (n > connection->last) {
    connection->missing += n - connection->last - 1;
    connection->last = n;
  } else if (connection->missing > 0 && n != connection->last) {
    connection->missing--;
    reordered++;
    return;
  } else {
    repeated++;
    return;
  }
  if (n > measure_after && measure_after != UINT64_MAX) {
    uint64_t us = read_ns > t ? (read_ns - t) / 1000 : 0;
    buckets[bucket_of(us)]++;
    measured++;
    if (us > worst_us) worst_us = us;
  }
  if (before < target && n >= target && --behind == 0) report_reached();
}

static const char *number(const char *text, const char *end, const char *name, uint64_t *value) {
  size_t length = strlen(name);
  if ((size_t)(end - text) < length || memcmp(text, name, length) != 0) return NULL;
  text += length;
  const char *first = text;
  *value = 0;
  while (text < end && *text >= '0' && *text <= '9') *value = *value * 10 + (uint64_t)(*text++ - '0');
  return text > first ? text : NULL;
}

/* One whole line: `length` bytes of it are there, it had `total`. */
static void take_line(struct connection *connection, const char *text, size_t length, size_t total, uint64_t read_ns) {
  if (length < 6 || memcmp(text, "data:", 5) != 0) return;
  size_t prefix = text[5] == ' ' ? 6 : 5;
  const char *end = text + length;
  uint64_t n, t;
  const char *rest = number(text + prefix, end, "{\"n\":", &n);
  if (rest == NULL) return; /* a ping or a greeting of the server's own */
  if (number(rest, end, ",\"t\":", &t) == NULL || (data_bytes > 0 && total - prefix != (size_t)data_bytes)) {
    damaged++;
    return;
  }
  take_event(connection, n, t, read_ns);
}

static void keep(struct connection *connection, const char *bytes, size_t length) {
  if (connection->line_total < LINE_BYTES) {
    size_t room = LINE_BYTES - connection->line_total;
    memcpy(connection->line + connection->line_total, bytes, length < room ? length : room);
  }
  connection->line_total += (uint32_t)length;
}

static void take_body(struct connection *connection, const char *bytes, size_t length, uint64_t read_ns) {
  body_bytes += length;
  while (length > 0) {
    const char *newline = memchr(bytes, '\n', length);
    if (newline == NULL) {
      keep(connection, bytes, length);
      return;
    }
    size_t size = (size_t)(newline - bytes);
    if (connection->line_total == 0) {
      take_line(connection, bytes, size, size, read_ns);
    } else {
      keep(connection, bytes, size);
      size_t kept = connection->line_total < LINE_BYTES ? connection->line_total : LINE_BYTES;
      take_line(connection, connection->line, kept, connection->line_total, read_ns);
      connection->line_total = 0;
    }
    length -= size + 1;
    bytes = newline + 1;
  }
}

static void take_chunked(struct connection *connection, const char *bytes, size_t length, uint64_t read_ns) {
  while (length > 0) {
    if (connection->chunk_state == CHUNK_DATA) {
      size_t size = length < connection->chunk_left ? length : connection->chunk_left;
      take_body(connection, bytes, size, read_ns);
      bytes += size;
      length -= size;
      connection->chunk_left -= (uint32_t)size;
      if (connection->chunk_left == 0) {
        connection->chunk_state = CHUNK_END;
        connection->chunk_trailing = 2;
      }
    } else if (connection->chunk_state == CHUNK_END) {
      char wanted = connection->chunk_trailing == 2 ? '\r' : '\n';
      if (*bytes != wanted) damaged++;
      bytes++;
      length--;
      if (--connection->chunk_trailing == 0) connection->chunk_state = CHUNK_SIZE;
    } else {
      char byte = *bytes++;
      length--;
      int digit = byte >= '0' && byte <= '9'   ? byte - '0'
                  : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                  : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                               : -1;
      if (digit >= 0) connection->chunk_left = connection->chunk_left * 16 + (uint32_t)digit;
      else if (byte == '\n' && connection->chunk_left > 0) connection->chunk_state = CHUNK_DATA;
      else if (byte != '\r' && byte != '\n') damaged++;
    }
  }
}

static void close_connection(struct connection *connection) {
  if (connection->state == CLOSED) return;
  if (connection->state < BODY) in_flight--;
  close(connection->fd);
  connection->state = CLOSED;
  closed++;
}

static void take_bytes(struct connection *connection, const char *bytes, size_t length, uint64_t read_ns) {
  if (connection->state == BODY) {
    if (connection->is_chunked) take_chunked(connection, bytes, length, read_ns);
    else take_body(connection, bytes, length, read_ns);
    return;
  }
  if (connection->head == NULL) connection->head = malloc(HEAD_BYTES + 1);
  size_t room = HEAD_BYTES - connection->head_length;
  size_t size = length < room ? length : room;
  memcpy(connection->head + connection->head_length, bytes, size);
  size_t before = connection->head_length;
  connection->head_length += (uint32_t)size;
  connection->head[connection->head_length] = 0;
  char *end = strstr(connection->head, "\r\n\r\n");
  if (end == NULL) {
    if (room == size) return;
    fprintf(stderr, "load-client: a response's head is longer than %d bytes\n", HEAD_BYTES);
    exit(1);
  }
  if (strncmp(connection->head, "HTTP/1.1 200", 12) != 0) {
    if (refused++ == 0) fprintf(stderr, "load-client: refused: %.60s\n", connection->head);
    close_connection(connection);
    return;
  }
  *end = 0;
  connection->is_chunked = strcasestr(connection->head, "transfer-encoding: chunked") != NULL;
  connection->state = BODY;
  in_flight--;
  connected++;
  size_t used = (size_t)(end - connection->head) + 4 - before;
  free(connection->head);
  connection->head = NULL;
  if (length > used) take_bytes(connection, bytes + used, length - used, read_ns);
}

static void send_request(struct connection *connection) {
  char request[512], target_path[256];
  snprintf(target_path, sizeof target_path, path, connection->stream);
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n\r\n", target_path, port);
  if (write(connection->fd, request, (size_t)length) != length) fail("write");
  if (connection->is_stalled) {
    connection->state = BODY;
    in_flight--;
    connected++;
    return;
  }
  connection->state = HEAD;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, connection->fd, &event) != 0) fail("epoll_ctl");
}

static void begin_connection(struct connection *connection) {
  connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connection->fd < 0) fail("socket");
  /* A reset at the end leaves nothing in TIME_WAIT, of which the next run would suffer. */
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  if (connection->is_stalled) {
    /* Small buffers on both sides, else the kernel would hold megabytes before the server notices. */
    int small = 4096, segment = 536;
    setsockopt(connection->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    setsockopt(connection->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
  }
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS)
    fail("connect");
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = connection};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) != 0) fail("epoll_ctl");
  in_flight++;
}

static void on_event(struct connection *connection) {
  if (connection->state == CLOSED) return;
  if (connection->state == CONNECTING) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      errno = error;
      fail("connect");
    }
    send_request(connection);
    if (connection->is_stalled) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, connection->fd, NULL);
    return;
  }
  ssize_t length = read(connection->fd, buffer, READ_BYTES);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) {
    close_connection(connection);
    return;
  }
  reads++;
  take_bytes(connection, buffer, (size_t)length, now_ns());
}

static void report_stats(void) {
  uint64_t lost = 0;
  for (int index = 0; index < connections; index++) {
    if (all[index].is_stalled) continue;
    lost += all[index].missing + (all[index].last < target ? target - all[index].last : 0);
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu_ms = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
                  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
  printf("{\"type\":\"stats\",\"connected\":%d,\"closed\":%d,\"refused\":%llu,\"delivered\":%llu,\"lost\":%llu,"
         "\"repeated\":%llu,\"reordered\":%llu,\"damaged\":%llu,\"bodyBytes\":%llu,\"reads\":%llu,\"measured\":%llu,"
         "\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"maxMs\":%.3f,\"clientCpuMs\":%.1f}\n",
         connected, closed, (unsigned long long)refused, (unsigned long long)delivered, (unsigned long long)lost,
         (unsigned long long)repeated, (unsigned long long)reordered, (unsigned long long)damaged,
         (unsigned long long)body_bytes, (unsigned long long)reads, (unsigned long long)measured,
         percentile_us(0.50) / 1e3, percentile_us(0.99) / 1e3, (double)worst_us / 1e3, cpu_ms);
  fflush(stdout);
}

static void on_command(const char *line) {
  unsigned long long n;
  if (sscanf(line, "expect %llu", &n) == 1) {
    expect(n);
  } else if (sscanf(line, "measure %llu", &n) == 1) {
    memset(buckets, 0, sizeof buckets);
    measured = worst_us = 0;
    measure_after = n;
  } else if (strncmp(line, "stats", 5) == 0) {
    report_stats();
  } else {
    fprintf(stderr, "load-client: unknown command: %s\n", line);
    exit(1);
  }
}

static void on_stdin(void) {
  static char pending[4096];
  static size_t used;
  ssize_t length = read(0, pending + used, sizeof pending - 1 - used);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) exit(0);
  used += (size_t)length;
  pending[used] = 0;
  char *start = pending, *end;
  while ((end = strchr(start, '\n')) != NULL) {
    *end = 0;
    on_command(start);
    start = end + 1;
  }
  used = strlen(start);
  memmove(pending, start, used);
}

static void read_arguments(int count, char **arguments) {
  for (int index = 1; index + 1 < count; index += 2) {
    const char *name = arguments[index], *value = arguments[index + 1];
    if (strcmp(name, "--port") == 0) port = atoi(value);
    else if (strcmp(name, "--connections") == 0) connections = atoi(value);
    else if (strcmp(name, "--streams") == 0) streams = atoi(value);
    else if (strcmp(name, "--path") == 0) path = value;
    else if (strcmp(name, "--in-flight") == 0) in_flight_max = atoi(value);
    else if (strcmp(name, "--stalled") == 0) stalled = atoi(value);
    else if (strcmp(name, "--data-bytes") == 0) data_bytes = atoi(value);
    else if (strcmp(name, "--nap-us") == 0) nap_us = atoi(value);
    else if (strcmp(name, "--core") == 0) core = atoi(value);
    else {
      fprintf(stderr, "load-client: unknown option %s\n", name);
      exit(2);
    }
  }
}

int main(int count, char **arguments) {
  read_arguments(count, arguments);
  if (core >= 0) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    sched_setaffinity(0, sizeof cores, &cores);
  }
  measure_after = UINT64_MAX;
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &input) != 0) fail("epoll_ctl");
  all = calloc((size_t)connections, sizeof *all);
  for (int index = 0; index < connections; index++) {
    all[index].fd = -1;
    all[index].stream = index % streams;
    /* Spread evenly, not the first ones: a server may serve its connections in order. */
    all[index].is_stalled = stalled > 0 && index % (connections / stalled) == 0;
  }
  started_ns = now_ns();
  static struct epoll_event events[1024];
  int is_announced = 0;
  for (;;) {
    while (begun < connections && (in_flight_max == 0 || in_flight < in_flight_max)) begin_connection(&all[begun++]);
    int ready = epoll_wait(epoll_fd, events, 1024, -1);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    for (int index = 0; index < ready; index++) {
      if (events[index].data.ptr == NULL) on_stdin();
      else on_event(events[index].data.ptr);
    }
    if (!is_announced && connected + closed == connections) {
      is_announced = 1;
      printf("{\"type\":\"connected\",\"connections\":%d,\"refused\":%llu,\"ms\":%.3f}\n", connected,
             (unsigned long long)refused, (double)(now_ns() - started_ns) / 1e6);
      fflush(stdout);
    }
    if (nap_us > 0) usleep((useconds_t)nap_us);
  }
}
