// Turns the messages of gRPC and protobuf into lines of the gateway's log.
//
// Strangers cause most of these messages: a handshake that fails, a header or a text that cannot be
// read. So the lines per second are limited, and the next line says how many were left out
// ("left_out").
//
// Thread-safety: to be called before other threads run.
#ifndef SERVICE_LOG_LIBRARY_LOGS_H_
#define SERVICE_LOG_LIBRARY_LOGS_H_

namespace gateway {

// Lines of all libraries together; a burst of them may come at once.
inline constexpr double kLibraryLinesPerSecond = 10;
inline constexpr double kLibraryLinesAtOnce = 100;

void TakeOverLibraryLogs();

}  // namespace gateway

#endif  // SERVICE_LOG_LIBRARY_LOGS_H_
