/*
 * The floor: what the operating system itself costs. One thread, epoll, bytes that are made once per event; a connection
 * is a place in its stream's log, and a turn is one write(2) per connection.
 *
 * It obeys the control protocol of harness/control.ts: commands as JSON lines on stdin, answers on stdout; it ends when
 * stdin does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DATA_BYTES 300
#define REQUEST_BYTES 512

struct connection {
  int fd;
  int is_open, is_waiting; /* is_waiting: its socket is full */
  size_t sent;             /* its place in the log of its stream */
  struct stream *stream;
  struct connection *next, *previous;
  size_t request_length;
  char *request;
};

struct stream {
  char *log;
  size_t length, capacity;
  uint64_t last;
  struct connection *first;
};

static struct stream *streams;
static int stream_count, epoll_fd;

/* The run under way. */
static int turns, per_turn, streams_used, done_turns;
static double interval_ms, max_ms;
static uint64_t run_started_ns, next_due_ns;
static int is_running, next_stream;

static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                           "Cache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n";

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "raw-server: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void append_bytes(struct stream *stream, const char *bytes, size_t length) {
  if (stream->length + length > stream->capacity) {
    stream->capacity = (stream->length + length) * 2;
    stream->log = realloc(stream->log, stream->capacity);
    if (stream->log == NULL) fail("realloc");
  }
  memcpy(stream->log + stream->length, bytes, length);
  stream->length += length;
}

/* One chunk of `count` events. */
static void append_events(struct stream *stream, int count) {
  static const char padding[] = "a step of a workflow has ended and says so; a step of a workflow has ended and says so; "
                                "a step of a workflow has ended and says so; a step of a workflow has ended and says so; "
                                "a step of a workflow has ended and says so; a step of a workflow has ended and says so; "
                                "a step of a workflow has ended and says so; ";
  static char text[64 * 1024];
  size_t length = 0;
  for (int index = 0; index < count; index++) {
    uint64_t n = ++stream->last;
    char data[DATA_BYTES + 1];
    int start = snprintf(data, sizeof data, "{\"n\":%llu,\"t\":%llu,\"text\":\"", (unsigned long long)n,
                         (unsigned long long)now_ns());
    snprintf(data + start, sizeof data - (size_t)start, "%.*s\"}", DATA_BYTES - start - 2, padding);
    length += (size_t)snprintf(text + length, sizeof text - length, "id: %llu\nevent: bench\ndata: %s\n\n",
                               (unsigned long long)n, data);
  }
  char size[16];
  append_bytes(stream, size, (size_t)snprintf(size, sizeof size, "%zx\r\n", length));
  append_bytes(stream, text, length);
  append_bytes(stream, "\r\n", 2);
}

static void close_connection(struct connection *connection) {
  close(connection->fd);
  if (connection->stream != NULL) {
    if (connection->previous != NULL) connection->previous->next = connection->next;
    else connection->stream->first = connection->next;
    if (connection->next != NULL) connection->next->previous = connection->previous;
  }
  /* Not freed: an event of this round of epoll may still name it. A run has too few of them to matter. */
  connection->is_open = 0;
}

static void watch(struct connection *connection, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, connection->fd, &event) != 0) fail("epoll_ctl");
}

static void write_on(struct connection *connection) {
  struct stream *stream = connection->stream;
  while (connection->sent < stream->length) {
    ssize_t written = write(connection->fd, stream->log + connection->sent, stream->length - connection->sent);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      if (!connection->is_waiting) watch(connection, EPOLLIN | EPOLLOUT);
      connection->is_waiting = 1;
      return;
    }
    if (written < 0) {
      close_connection(connection);
      return;
    }
    connection->sent += (size_t)written;
  }
  if (connection->is_waiting) watch(connection, EPOLLIN);
  connection->is_waiting = 0;
}

static void write_stream(struct stream *stream) {
  struct connection *next;
  for (struct connection *each = stream->first; each != NULL; each = next) {
    next = each->next;
    if (!each->is_waiting) write_on(each);
  }
}

static void accept_all(int listening) {
  for (;;) {
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct connection *connection = calloc(1, sizeof *connection);
    connection->fd = fd;
    connection->is_open = 1;
    connection->request = malloc(REQUEST_BYTES);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
  }
}

static void on_request(struct connection *connection) {
  int number;
  if (sscanf(connection->request, "GET /streams/%d/sse ", &number) != 1 || number < 0 || number >= stream_count) {
    close_connection(connection);
    return;
  }
  struct stream *stream = connection->stream = &streams[number];
  connection->next = stream->first;
  if (stream->first != NULL) stream->first->previous = connection;
  stream->first = connection;
  free(connection->request);
  connection->request = NULL;
  if (write(connection->fd, HEAD, sizeof HEAD - 1) != (ssize_t)(sizeof HEAD - 1)) {
    close_connection(connection);
    return;
  }
  write_on(connection);
}

static void on_readable(struct connection *connection) {
  char ignored[256];
  char *into = connection->request == NULL ? ignored : connection->request + connection->request_length;
  size_t room = connection->request == NULL ? sizeof ignored : REQUEST_BYTES - 1 - connection->request_length;
  ssize_t length = read(connection->fd, into, room);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) {
    close_connection(connection);
    return;
  }
  if (connection->request == NULL) return;
  connection->request_length += (size_t)length;
  connection->request[connection->request_length] = 0;
  if (strstr(connection->request, "\r\n\r\n") != NULL) on_request(connection);
}

static void run_turn(void) {
  if (streams_used == 1) {
    append_events(&streams[0], per_turn);
    write_stream(&streams[0]);
  } else {
    for (int index = 0; index < per_turn; index++) {
      append_events(&streams[next_stream], 1);
      write_stream(&streams[next_stream]);
      next_stream = (next_stream + 1) % streams_used;
    }
  }
  done_turns++;
  uint64_t now = now_ns();
  double ms = (double)(now - run_started_ns) / 1e6;
  if (done_turns >= turns || (ms > max_ms && next_stream == 0)) {
    is_running = 0;
    printf("{\"type\":\"dispatched\",\"turns\":%d,\"events\":%d,\"last\":%llu,\"ms\":%.3f}\n", done_turns,
           done_turns * per_turn, (unsigned long long)streams[0].last, ms);
    fflush(stdout);
    return;
  }
  next_due_ns = run_started_ns + (uint64_t)(interval_ms * 1e6 * done_turns);
}

static double field(const char *line, const char *name) {
  char wanted[32];
  snprintf(wanted, sizeof wanted, "\"%s\":", name);
  const char *found = strstr(line, wanted);
  return found == NULL ? 0 : atof(found + strlen(wanted));
}

static void on_command(const char *line) {
  if (strstr(line, "\"dispatch\"") != NULL) {
    turns = (int)field(line, "turns");
    per_turn = (int)field(line, "perTurn");
    streams_used = (int)field(line, "streams");
    interval_ms = field(line, "intervalMs");
    max_ms = field(line, "maxMs");
    done_turns = next_stream = 0;
    is_running = 1;
    run_started_ns = next_due_ns = now_ns();
  } else if (strstr(line, "\"preload\"") != NULL) {
    for (int left = (int)field(line, "events"); left > 0; left -= 100) append_events(&streams[0], left < 100 ? left : 100);
    printf("{\"type\":\"preloaded\",\"last\":%llu}\n", (unsigned long long)streams[0].last);
  } else {
    printf("{\"type\":\"collected\"}\n");
  }
  fflush(stdout);
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

static int listen_privately(int *port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &size) != 0)
    fail("listen");
  *port = ntohs(address.sin_port);
  return fd;
}

int main(int count, char **arguments) {
  stream_count = count > 1 ? atoi(arguments[1]) : 1;
  streams = calloc((size_t)stream_count, sizeof *streams);
  int port, listening = listen_privately(&port);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  static char listener_mark, stdin_mark;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener_mark};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listening, &event);
  event.data.ptr = &stdin_mark;
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &event);
  printf("{\"type\":\"ready\",\"port\":%d,\"pids\":[%d]}\n", port, (int)getpid());
  fflush(stdout);
  static struct epoll_event events[1024];
  for (;;) {
    struct timespec timeout, *until = NULL;
    if (is_running) {
      uint64_t now = now_ns();
      uint64_t left = next_due_ns > now ? next_due_ns - now : 0;
      timeout.tv_sec = (time_t)(left / 1000000000u);
      timeout.tv_nsec = (long)(left % 1000000000u);
      until = &timeout;
    }
    int ready = epoll_pwait2(epoll_fd, events, 1024, until, NULL);
    if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
    for (int index = 0; index < ready; index++) {
      struct connection *connection = events[index].data.ptr;
      if ((void *)connection == &listener_mark) accept_all(listening);
      else if ((void *)connection == &stdin_mark) on_stdin();
      else {
        if (connection->is_open && (events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) on_readable(connection);
        if (connection->is_open && (events[index].events & EPOLLOUT)) write_on(connection);
      }
    }
    if (is_running && now_ns() >= next_due_ns) run_turn();
  }
}
