// Writes the messages of the gRPC library as lines of our own log, so that standard error holds one
// JSON object per line.
//
// Thread-safety: may be called from any thread; holds for the whole process.
#ifndef SERVICE_LOG_GRPC_LOG_H_
#define SERVICE_LOG_GRPC_LOG_H_

namespace gateway {

void TakeOverGrpcLog();

}  // namespace gateway

#endif  // SERVICE_LOG_GRPC_LOG_H_
