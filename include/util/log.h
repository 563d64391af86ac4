/*
 * log.h - messages about what goes wrong without failing the command; to stderr, escaped.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The one setting of the process: what is above it is not written. WARN until it is set. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* "hod: warning: ..." */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* for us: log_debug("store: ..."); costs nothing when the level is lower */
void log_debug_(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_get_level() >= LOG_LEVEL_DEBUG)                                            \
			log_debug_(__VA_ARGS__);                                                   \
	} while (0)

#endif
