// Written by `pnpm generate` from proto/. Do not edit.
/** Every service and message, as protobufjs reads them. */
export const descriptors: object = {
 "nested": {
  "millrace": {
   "nested": {
    "cluster": {
     "nested": {
      "v1": {
       "nested": {
        "ClusterService": {
         "methods": {
          "Open": {
           "requestType": "FromMemberGroup",
           "requestStream": true,
           "responseType": "ToMemberGroup",
           "responseStream": true
          }
         }
        },
        "FromMemberGroup": {
         "fields": {
          "messages": {
           "rule": "repeated",
           "type": "FromMember",
           "id": 1
          },
          "last": {
           "type": "bool",
           "id": 2
          }
         }
        },
        "ToMemberGroup": {
         "fields": {
          "messages": {
           "rule": "repeated",
           "type": "ToMember",
           "id": 1
          }
         }
        },
        "FromMember": {
         "oneofs": {
          "message": {
           "oneof": [
            "hello",
            "heartbeat",
            "jobStarted",
            "jobExited",
            "leaving",
            "left"
           ]
          }
         },
         "fields": {
          "hello": {
           "type": "MemberHello",
           "id": 1
          },
          "heartbeat": {
           "type": "MemberHeartbeat",
           "id": 2
          },
          "jobStarted": {
           "type": "JobStarted",
           "id": 3
          },
          "jobExited": {
           "type": "JobExited",
           "id": 4
          },
          "leaving": {
           "type": "MemberLeaving",
           "id": 5
          },
          "left": {
           "type": "MemberLeft",
           "id": 6
          }
         }
        },
        "MemberHello": {
         "fields": {
          "protocol": {
           "type": "uint32",
           "id": 1
          },
          "executor": {
           "type": "string",
           "id": 2
          },
          "slots": {
           "type": "uint32",
           "id": 3
          },
          "memoryBytes": {
           "type": "uint64",
           "id": 4
          },
          "host": {
           "type": "string",
           "id": 5
          },
          "pid": {
           "type": "uint32",
           "id": 6
          },
          "jobs": {
           "rule": "repeated",
           "type": "string",
           "id": 7
          }
         }
        },
        "MemberHeartbeat": {
         "fields": {}
        },
        "MemberLeaving": {
         "fields": {}
        },
        "MemberLeft": {
         "fields": {}
        },
        "JobStarted": {
         "fields": {
          "job": {
           "type": "string",
           "id": 1
          },
          "pid": {
           "type": "uint32",
           "id": 2
          }
         }
        },
        "JobExited": {
         "fields": {
          "job": {
           "type": "string",
           "id": 1
          },
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 2
          }
         }
        },
        "ToMember": {
         "oneofs": {
          "message": {
           "oneof": [
            "welcome",
            "refused",
            "startJob",
            "stopJob",
            "leave",
            "holdJob"
           ]
          }
         },
         "fields": {
          "welcome": {
           "type": "MemberWelcome",
           "id": 1
          },
          "refused": {
           "type": "MemberRefused",
           "id": 2
          },
          "startJob": {
           "type": "StartJob",
           "id": 3
          },
          "stopJob": {
           "type": "StopJob",
           "id": 4
          },
          "leave": {
           "type": "MemberLeave",
           "id": 5
          },
          "holdJob": {
           "type": "HoldJob",
           "id": 6
          }
         }
        },
        "MemberWelcome": {
         "fields": {}
        },
        "MemberRefused": {
         "fields": {
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 1
          }
         }
        },
        "MemberLeave": {
         "fields": {}
        },
        "StartJob": {
         "fields": {
          "job": {
           "type": "string",
           "id": 1
          },
          "driver": {
           "type": "millrace.common.v1.DataAddress",
           "id": 2
          },
          "token": {
           "type": "string",
           "id": 3
          },
          "slotHeapBytes": {
           "type": "uint64",
           "id": 4
          },
          "poolBytes": {
           "type": "uint64",
           "id": 5
          },
          "driverRun": {
           "type": "int64",
           "id": 6
          }
         }
        },
        "HoldJob": {
         "fields": {
          "job": {
           "type": "string",
           "id": 1
          }
         }
        },
        "StopJob": {
         "fields": {
          "job": {
           "type": "string",
           "id": 1
          },
          "graceMs": {
           "type": "double",
           "id": 2
          }
         }
        }
       }
      }
     }
    },
    "common": {
     "nested": {
      "v1": {
       "nested": {
        "Blame": {
         "values": {
          "BLAME_UNSPECIFIED": 0,
          "BLAME_USER": 1,
          "BLAME_ENGINE": 2,
          "BLAME_ENVIRONMENT": 3
         }
        },
        "Retry": {
         "values": {
          "RETRY_UNSPECIFIED": 0,
          "RETRY_NEVER": 1,
          "RETRY_SAME_TASK": 2,
          "RETRY_PARENT_STAGE": 3
         }
        },
        "SourceSite": {
         "fields": {
          "file": {
           "type": "string",
           "id": 1
          },
          "line": {
           "type": "uint32",
           "id": 2
          },
          "column": {
           "type": "uint32",
           "id": 3
          }
         }
        },
        "ErrorKind": {
         "fields": {
          "code": {
           "type": "string",
           "id": 1
          },
          "blame": {
           "type": "Blame",
           "id": 2
          },
          "retry": {
           "type": "Retry",
           "id": 3
          }
         }
        },
        "FieldValue": {
         "oneofs": {
          "value": {
           "oneof": [
            "text",
            "number",
            "flag"
           ]
          }
         },
         "fields": {
          "text": {
           "type": "string",
           "id": 1
          },
          "number": {
           "type": "double",
           "id": 2
          },
          "flag": {
           "type": "bool",
           "id": 3
          }
         }
        },
        "Error": {
         "oneofs": {
          "_stack": {
           "oneof": [
            "stack"
           ]
          }
         },
         "fields": {
          "name": {
           "type": "string",
           "id": 1
          },
          "message": {
           "type": "string",
           "id": 2
          },
          "stack": {
           "type": "string",
           "id": 3,
           "options": {
            "proto3_optional": true
           }
          },
          "kind": {
           "type": "ErrorKind",
           "id": 4
          },
          "fields": {
           "keyType": "string",
           "type": "FieldValue",
           "id": 5
          },
          "site": {
           "type": "SourceSite",
           "id": 6
          },
          "cause": {
           "type": "Error",
           "id": 7
          }
         }
        },
        "DataAddress": {
         "fields": {
          "host": {
           "type": "string",
           "id": 1
          },
          "port": {
           "type": "uint32",
           "id": 2
          }
         }
        },
        "BlockLocation": {
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          },
          "sizeBytes": {
           "type": "uint64",
           "id": 2
          },
          "at": {
           "rule": "repeated",
           "type": "string",
           "id": 3
          },
          "copy": {
           "type": "bytes",
           "id": 4
          },
          "logged": {
           "type": "LoggedAt",
           "id": 5
          }
         }
        },
        "LoggedAt": {
         "fields": {
          "segment": {
           "type": "string",
           "id": 1
          },
          "offset": {
           "type": "uint64",
           "id": 2
          }
         }
        }
       }
      }
     }
    },
    "operator": {
     "nested": {
      "v1": {
       "nested": {
        "OperatorService": {
         "methods": {
          "Submit": {
           "requestType": "SubmitRequest",
           "requestStream": true,
           "responseType": "Job"
          },
          "Jobs": {
           "requestType": "JobsRequest",
           "responseType": "JobsResponse"
          },
          "Status": {
           "requestType": "JobRequest",
           "responseType": "Job"
          },
          "Batches": {
           "requestType": "JobRequest",
           "responseType": "BatchesResponse"
          },
          "Executors": {
           "requestType": "ExecutorsRequest",
           "responseType": "ExecutorsResponse"
          },
          "Drain": {
           "requestType": "ExecutorRequest",
           "responseType": "Done"
          },
          "Waits": {
           "requestType": "WaitsRequest",
           "responseType": "WaitsReport",
           "responseStream": true
          },
          "Logs": {
           "requestType": "LogsRequest",
           "responseType": "LogEntry",
           "responseStream": true
          },
          "Stop": {
           "requestType": "JobRequest",
           "responseType": "Done"
          },
          "Kill": {
           "requestType": "JobRequest",
           "responseType": "Done"
          }
         }
        },
        "SubmitRequest": {
         "oneofs": {
          "part": {
           "oneof": [
            "header",
            "artefactChunk"
           ]
          }
         },
         "fields": {
          "header": {
           "type": "SubmitHeader",
           "id": 1
          },
          "artefactChunk": {
           "type": "bytes",
           "id": 2
          }
         }
        },
        "SubmitHeader": {
         "oneofs": {
          "_name": {
           "oneof": [
            "name"
           ]
          }
         },
         "fields": {
          "name": {
           "type": "string",
           "id": 1,
           "options": {
            "proto3_optional": true
           }
          },
          "conf": {
           "keyType": "string",
           "type": "string",
           "id": 2
          },
          "args": {
           "rule": "repeated",
           "type": "string",
           "id": 3
          },
          "artefactBytes": {
           "type": "uint64",
           "id": 4
          },
          "drop": {
           "rule": "repeated",
           "type": "string",
           "id": 5
          },
          "availableNow": {
           "type": "bool",
           "id": 6
          }
         }
        },
        "ExecutorRequest": {
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          }
         }
        },
        "JobRequest": {
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          }
         }
        },
        "JobsRequest": {
         "fields": {}
        },
        "ExecutorsRequest": {
         "fields": {}
        },
        "Done": {
         "fields": {}
        },
        "WaitsRequest": {
         "oneofs": {
          "whose": {
           "oneof": [
            "job",
            "executor"
           ]
          }
         },
         "fields": {
          "job": {
           "type": "string",
           "id": 1
          },
          "executor": {
           "type": "string",
           "id": 2
          }
         }
        },
        "WaitsReport": {
         "oneofs": {
          "_byMs": {
           "oneof": [
            "byMs"
           ]
          }
         },
         "fields": {
          "waitsFor": {
           "rule": "repeated",
           "type": "string",
           "id": 1
          },
          "byMs": {
           "type": "int64",
           "id": 2,
           "options": {
            "proto3_optional": true
           }
          }
         }
        },
        "LogsRequest": {
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          },
          "follow": {
           "type": "bool",
           "id": 2
          }
         }
        },
        "LogStream": {
         "values": {
          "LOG_STREAM_UNSPECIFIED": 0,
          "LOG_STREAM_STDOUT": 1,
          "LOG_STREAM_STDERR": 2,
          "LOG_STREAM_ENGINE": 3
         }
        },
        "LogEntry": {
         "fields": {
          "timeMs": {
           "type": "int64",
           "id": 1
          },
          "stream": {
           "type": "LogStream",
           "id": 2
          },
          "text": {
           "type": "string",
           "id": 3
          }
         }
        },
        "JobState": {
         "values": {
          "JOB_STATE_UNSPECIFIED": 0,
          "JOB_STATE_STARTING": 1,
          "JOB_STATE_RUNNING": 2,
          "JOB_STATE_STOPPING": 3,
          "JOB_STATE_FINISHED": 4,
          "JOB_STATE_FAILED": 5,
          "JOB_STATE_KILLED": 6,
          "JOB_STATE_RESTARTING": 7
         }
        },
        "Job": {
         "oneofs": {
          "_endedAtMs": {
           "oneof": [
            "endedAtMs"
           ]
          },
          "_batchIntervalMs": {
           "oneof": [
            "batchIntervalMs"
           ]
          },
          "_driverPid": {
           "oneof": [
            "driverPid"
           ]
          }
         },
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          },
          "name": {
           "type": "string",
           "id": 2
          },
          "state": {
           "type": "JobState",
           "id": 3
          },
          "submittedAtMs": {
           "type": "int64",
           "id": 4
          },
          "endedAtMs": {
           "type": "int64",
           "id": 5,
           "options": {
            "proto3_optional": true
           }
          },
          "batchIntervalMs": {
           "type": "double",
           "id": 6,
           "options": {
            "proto3_optional": true
           }
          },
          "batchesCompleted": {
           "type": "uint64",
           "id": 7
          },
          "batchesFailed": {
           "type": "uint64",
           "id": 8
          },
          "batchesWaiting": {
           "type": "uint64",
           "id": 9
          },
          "executors": {
           "type": "uint32",
           "id": 10
          },
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 11
          },
          "driverPid": {
           "type": "uint32",
           "id": 13,
           "options": {
            "proto3_optional": true
           }
          },
          "spilledBytes": {
           "type": "uint64",
           "id": 14
          },
          "warnings": {
           "rule": "repeated",
           "type": "Warning",
           "id": 15
          },
          "executorFigures": {
           "rule": "repeated",
           "type": "ExecutorFigures",
           "id": 16
          },
          "restarts": {
           "type": "uint32",
           "id": 17
          },
          "log": {
           "type": "JobLog",
           "id": 18
          },
          "draining": {
           "type": "Draining",
           "id": 19
          }
         },
         "reserved": [
          [
           12,
           12
          ]
         ]
        },
        "JobLog": {
         "fields": {
          "directory": {
           "type": "string",
           "id": 1
          },
          "resumed": {
           "type": "JobResumed",
           "id": 2
          }
         }
        },
        "JobResumed": {
         "oneofs": {
          "_committedMs": {
           "oneof": [
            "committedMs"
           ]
          },
          "_pendingMs": {
           "oneof": [
            "pendingMs"
           ]
          }
         },
         "fields": {
          "committedMs": {
           "type": "int64",
           "id": 1,
           "options": {
            "proto3_optional": true
           }
          },
          "batches": {
           "type": "uint64",
           "id": 2
          },
          "pendingMs": {
           "type": "int64",
           "id": 3,
           "options": {
            "proto3_optional": true
           }
          },
          "pendingIsPrepared": {
           "type": "bool",
           "id": 4
          },
          "missed": {
           "type": "uint64",
           "id": 5
          },
          "together": {
           "type": "bool",
           "id": 6
          },
          "imported": {
           "type": "bool",
           "id": 7
          }
         }
        },
        "Draining": {
         "fields": {
          "byMs": {
           "type": "int64",
           "id": 1
          },
          "waitsFor": {
           "rule": "repeated",
           "type": "string",
           "id": 2
          }
         }
        },
        "ExecutorFigures": {
         "fields": {
          "executor": {
           "type": "string",
           "id": 1
          },
          "tasks": {
           "type": "uint64",
           "id": 2
          },
          "failures": {
           "type": "uint64",
           "id": 3
          },
          "taskMs": {
           "type": "double",
           "id": 4
          },
          "recordsIn": {
           "type": "uint64",
           "id": 5
          },
          "recordsOut": {
           "type": "uint64",
           "id": 6
          },
          "rssBytes": {
           "type": "uint64",
           "id": 7
          },
          "poolBytes": {
           "type": "uint64",
           "id": 8
          },
          "blocks": {
           "type": "uint64",
           "id": 9
          },
          "spilledBytes": {
           "type": "uint64",
           "id": 10
          }
         }
        },
        "Warning": {
         "fields": {
          "code": {
           "type": "string",
           "id": 1
          },
          "subject": {
           "type": "string",
           "id": 2
          },
          "message": {
           "type": "string",
           "id": 3
          },
          "lasting": {
           "type": "bool",
           "id": 4
          },
          "firstAtMs": {
           "type": "int64",
           "id": 5
          },
          "lastAtMs": {
           "type": "int64",
           "id": 6
          },
          "count": {
           "type": "uint64",
           "id": 7
          }
         }
        },
        "JobsResponse": {
         "fields": {
          "jobs": {
           "rule": "repeated",
           "type": "Job",
           "id": 1
          }
         }
        },
        "BatchState": {
         "values": {
          "BATCH_STATE_UNSPECIFIED": 0,
          "BATCH_STATE_WAITING": 1,
          "BATCH_STATE_RUNNING": 2,
          "BATCH_STATE_COMPLETED": 3,
          "BATCH_STATE_FAILED": 4,
          "BATCH_STATE_CANCELLED": 5
         }
        },
        "Batch": {
         "oneofs": {
          "_schedulingDelayMs": {
           "oneof": [
            "schedulingDelayMs"
           ]
          },
          "_processingMs": {
           "oneof": [
            "processingMs"
           ]
          }
         },
         "fields": {
          "timeMs": {
           "type": "int64",
           "id": 1
          },
          "state": {
           "type": "BatchState",
           "id": 2
          },
          "records": {
           "type": "uint64",
           "id": 3
          },
          "schedulingDelayMs": {
           "type": "double",
           "id": 4,
           "options": {
            "proto3_optional": true
           }
          },
          "processingMs": {
           "type": "double",
           "id": 5,
           "options": {
            "proto3_optional": true
           }
          },
          "spilledBytes": {
           "type": "uint64",
           "id": 7
          },
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 6
          },
          "tasks": {
           "type": "uint64",
           "id": 8
          },
          "taskMs": {
           "type": "double",
           "id": 9
          },
          "recordsRead": {
           "type": "uint64",
           "id": 10
          }
         }
        },
        "BatchesResponse": {
         "fields": {
          "batches": {
           "rule": "repeated",
           "type": "Batch",
           "id": 1
          }
         }
        },
        "ExecutorState": {
         "values": {
          "EXECUTOR_STATE_UNSPECIFIED": 0,
          "EXECUTOR_STATE_CONNECTED": 1,
          "EXECUTOR_STATE_LOST": 2,
          "EXECUTOR_STATE_DRAINING": 3
         }
        },
        "Executor": {
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          },
          "host": {
           "type": "string",
           "id": 2
          },
          "slots": {
           "type": "uint32",
           "id": 3
          },
          "memoryBytes": {
           "type": "uint64",
           "id": 4
          },
          "state": {
           "type": "ExecutorState",
           "id": 5
          },
          "jobs": {
           "rule": "repeated",
           "type": "string",
           "id": 6
          },
          "lastSeenAtMs": {
           "type": "int64",
           "id": 7
          },
          "rssBytes": {
           "type": "uint64",
           "id": 8
          },
          "waitsFor": {
           "rule": "repeated",
           "type": "string",
           "id": 9
          }
         }
        },
        "ExecutorsResponse": {
         "fields": {
          "executors": {
           "rule": "repeated",
           "type": "Executor",
           "id": 1
          }
         }
        }
       }
      }
     }
    },
    "session": {
     "nested": {
      "v1": {
       "nested": {
        "SessionService": {
         "methods": {
          "Open": {
           "requestType": "FromExecutorGroup",
           "requestStream": true,
           "responseType": "ToExecutorGroup",
           "responseStream": true
          }
         }
        },
        "FromExecutorGroup": {
         "fields": {
          "messages": {
           "rule": "repeated",
           "type": "FromExecutor",
           "id": 1
          },
          "last": {
           "type": "bool",
           "id": 2
          }
         }
        },
        "ToExecutorGroup": {
         "fields": {
          "messages": {
           "rule": "repeated",
           "type": "ToExecutor",
           "id": 1
          }
         }
        },
        "Held": {
         "fields": {
          "blocks": {
           "rule": "repeated",
           "type": "ReceivedBlock",
           "id": 1
          },
          "runs": {
           "rule": "repeated",
           "type": "HeldRun",
           "id": 2
          }
         }
        },
        "HeldRun": {
         "fields": {
          "stream": {
           "type": "uint32",
           "id": 1
          },
          "epoch": {
           "type": "uint32",
           "id": 2
          },
          "run": {
           "type": "uint32",
           "id": 3
          },
          "after": {
           "type": "ReceivedPlace",
           "id": 4
          },
          "running": {
           "type": "bool",
           "id": 5
          }
         }
        },
        "FromExecutor": {
         "oneofs": {
          "message": {
           "oneof": [
            "hello",
            "ready",
            "tasks",
            "received",
            "receiver",
            "heartbeat",
            "failed",
            "leaving",
            "trouble",
            "settled",
            "blocksCopied",
            "held",
            "unfit"
           ]
          }
         },
         "fields": {
          "hello": {
           "type": "ExecutorHello",
           "id": 1
          },
          "ready": {
           "type": "ExecutorReady",
           "id": 2
          },
          "tasks": {
           "type": "TaskStatuses",
           "id": 3
          },
          "received": {
           "type": "Received",
           "id": 4
          },
          "receiver": {
           "type": "ReceiverReport",
           "id": 5
          },
          "heartbeat": {
           "type": "Heartbeat",
           "id": 6
          },
          "failed": {
           "type": "ExecutorFailed",
           "id": 7
          },
          "leaving": {
           "type": "ExecutorLeaving",
           "id": 8
          },
          "trouble": {
           "type": "ExecutorTrouble",
           "id": 9
          },
          "settled": {
           "type": "Settled",
           "id": 10
          },
          "blocksCopied": {
           "type": "BlocksCopied",
           "id": 11
          },
          "held": {
           "type": "Held",
           "id": 12
          },
          "unfit": {
           "type": "ExecutorUnfit",
           "id": 13
          }
         }
        },
        "ExecutorHello": {
         "fields": {
          "protocol": {
           "type": "uint32",
           "id": 1
          },
          "job": {
           "type": "string",
           "id": 2
          },
          "executor": {
           "type": "string",
           "id": 3
          },
          "slots": {
           "type": "uint32",
           "id": 4
          },
          "data": {
           "type": "millrace.common.v1.DataAddress",
           "id": 5
          },
          "pid": {
           "type": "uint32",
           "id": 6
          },
          "zone": {
           "type": "string",
           "id": 7
          }
         }
        },
        "ExecutorReady": {
         "fields": {}
        },
        "ExecutorUnfit": {
         "fields": {
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 1
          }
         }
        },
        "TaskStatuses": {
         "fields": {
          "statuses": {
           "rule": "repeated",
           "type": "TaskStatus",
           "id": 1
          }
         }
        },
        "TaskKey": {
         "fields": {
          "run": {
           "type": "uint64",
           "id": 1
          },
          "partition": {
           "type": "uint32",
           "id": 2
          },
          "attempt": {
           "type": "uint32",
           "id": 3
          }
         }
        },
        "TaskStatus": {
         "oneofs": {
          "outcome": {
           "oneof": [
            "mapOutput",
            "result",
            "failed",
            "fetchFailed",
            "cancelled"
           ]
          }
         },
         "fields": {
          "key": {
           "type": "TaskKey",
           "id": 1
          },
          "mapOutput": {
           "type": "MapOutput",
           "id": 2
          },
          "result": {
           "type": "ResultOutcome",
           "id": 3
          },
          "failed": {
           "type": "TaskFailed",
           "id": 4
          },
          "fetchFailed": {
           "type": "FetchFailed",
           "id": 5
          },
          "cancelled": {
           "type": "TaskCancelled",
           "id": 6
          }
         }
        },
        "TaskMetrics": {
         "fields": {
          "runMs": {
           "type": "double",
           "id": 1
          },
          "recordsIn": {
           "type": "uint64",
           "id": 2
          },
          "recordsOut": {
           "type": "uint64",
           "id": 3
          },
          "spilledBytes": {
           "type": "uint64",
           "id": 4
          }
         }
        },
        "MapOutput": {
         "fields": {
          "partitionBytes": {
           "rule": "repeated",
           "type": "uint64",
           "id": 1
          },
          "replica": {
           "type": "string",
           "id": 5
          },
          "checksum": {
           "type": "uint32",
           "id": 6
          },
          "copies": {
           "rule": "repeated",
           "type": "bytes",
           "id": 4
          },
          "metrics": {
           "type": "TaskMetrics",
           "id": 2
          },
          "accumulators": {
           "type": "bytes",
           "id": 3
          },
          "state": {
           "type": "StateVersion",
           "id": 7
          }
         }
        },
        "ResultOutcome": {
         "oneofs": {
          "result": {
           "oneof": [
            "inline",
            "block",
            "written"
           ]
          }
         },
         "fields": {
          "inline": {
           "type": "bytes",
           "id": 1
          },
          "block": {
           "type": "ResultBlock",
           "id": 2
          },
          "written": {
           "type": "WrittenFile",
           "id": 5
          },
          "metrics": {
           "type": "TaskMetrics",
           "id": 3
          },
          "accumulators": {
           "type": "bytes",
           "id": 4
          },
          "state": {
           "type": "StateVersion",
           "id": 6
          }
         }
        },
        "StateVersion": {
         "fields": {
          "batchMs": {
           "type": "int64",
           "id": 1
          },
          "attempt": {
           "type": "uint64",
           "id": 2
          },
          "epoch": {
           "type": "uint64",
           "id": 3
          }
         }
        },
        "ResultBlock": {
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          },
          "sizeBytes": {
           "type": "uint64",
           "id": 2
          }
         }
        },
        "WrittenFile": {
         "fields": {
          "file": {
           "type": "string",
           "id": 1
          },
          "sizeBytes": {
           "type": "uint64",
           "id": 2
          },
          "token": {
           "type": "string",
           "id": 3
          }
         }
        },
        "TaskFailed": {
         "fields": {
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 1
          }
         }
        },
        "FetchFailed": {
         "fields": {
          "block": {
           "type": "string",
           "id": 1
          },
          "holder": {
           "type": "string",
           "id": 2
          },
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 3
          }
         }
        },
        "TaskCancelled": {
         "fields": {}
        },
        "Received": {
         "fields": {
          "stream": {
           "type": "uint32",
           "id": 1
          },
          "blocks": {
           "rule": "repeated",
           "type": "ReceivedBlock",
           "id": 2
          }
         }
        },
        "ReceivedBlock": {
         "oneofs": {
          "_position": {
           "oneof": [
            "position"
           ]
          }
         },
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          },
          "sizeBytes": {
           "type": "uint64",
           "id": 2
          },
          "records": {
           "type": "uint64",
           "id": 3
          },
          "at": {
           "rule": "repeated",
           "type": "string",
           "id": 4
          },
          "logged": {
           "type": "millrace.common.v1.LoggedAt",
           "id": 5
          },
          "position": {
           "type": "bytes",
           "id": 6,
           "options": {
            "proto3_optional": true
           }
          }
         }
        },
        "ReceiverReport": {
         "oneofs": {
          "status": {
           "oneof": [
            "running",
            "retrying",
            "stopped",
            "trouble",
            "stuck",
            "answering",
            "unlogged",
            "logged"
           ]
          }
         },
         "fields": {
          "stream": {
           "type": "uint32",
           "id": 1
          },
          "running": {
           "type": "ReceiverRunning",
           "id": 2
          },
          "retrying": {
           "type": "ReceiverRetrying",
           "id": 3
          },
          "stopped": {
           "type": "ReceiverStopped",
           "id": 4
          },
          "trouble": {
           "type": "ReceiverTrouble",
           "id": 5
          },
          "stuck": {
           "type": "ReceiverStuck",
           "id": 6
          },
          "answering": {
           "type": "ReceiverAnswering",
           "id": 7
          },
          "unlogged": {
           "type": "ReceiverUnlogged",
           "id": 8
          },
          "logged": {
           "type": "ReceiverLogged",
           "id": 9
          }
         }
        },
        "ReceiverRunning": {
         "fields": {}
        },
        "ReceiverRetrying": {
         "fields": {
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 1
          },
          "retryMs": {
           "type": "double",
           "id": 2
          }
         }
        },
        "ReceiverStopped": {
         "fields": {
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 1
          }
         }
        },
        "ReceiverTrouble": {
         "fields": {
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 1
          }
         }
        },
        "ReceiverStuck": {
         "fields": {
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 1
          }
         }
        },
        "ReceiverAnswering": {
         "fields": {}
        },
        "ReceiverUnlogged": {
         "fields": {
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 1
          }
         }
        },
        "ReceiverLogged": {
         "fields": {}
        },
        "Heartbeat": {
         "fields": {
          "rssBytes": {
           "type": "uint64",
           "id": 1
          },
          "poolBytes": {
           "type": "uint64",
           "id": 2
          },
          "blocks": {
           "type": "uint64",
           "id": 3
          },
          "spilledBytes": {
           "type": "uint64",
           "id": 4
          }
         }
        },
        "ExecutorLeaving": {
         "fields": {}
        },
        "ExecutorTrouble": {
         "fields": {
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 1
          }
         }
        },
        "ExecutorFailed": {
         "fields": {
          "error": {
           "type": "millrace.common.v1.Error",
           "id": 1
          }
         }
        },
        "ToExecutor": {
         "oneofs": {
          "message": {
           "oneof": [
            "welcome",
            "peers",
            "template",
            "stage",
            "launch",
            "cancel",
            "stageDone",
            "dropShuffles",
            "dropBlocks",
            "startReceiver",
            "stopReceiver",
            "receiverBacklog",
            "shutdown",
            "replicateTo",
            "blocksTaken",
            "dropTemplates",
            "settle",
            "copyBlocks"
           ]
          }
         },
         "fields": {
          "welcome": {
           "type": "Welcome",
           "id": 1
          },
          "peers": {
           "type": "Peers",
           "id": 2
          },
          "template": {
           "type": "Template",
           "id": 3
          },
          "stage": {
           "type": "Stage",
           "id": 4
          },
          "launch": {
           "type": "Launch",
           "id": 5
          },
          "cancel": {
           "type": "Cancel",
           "id": 6
          },
          "stageDone": {
           "type": "StageDone",
           "id": 7
          },
          "dropShuffles": {
           "type": "DropShuffles",
           "id": 8
          },
          "dropBlocks": {
           "type": "DropBlocks",
           "id": 9
          },
          "startReceiver": {
           "type": "StartReceiver",
           "id": 10
          },
          "stopReceiver": {
           "type": "StopReceiver",
           "id": 11
          },
          "receiverBacklog": {
           "type": "ReceiverBacklog",
           "id": 12
          },
          "shutdown": {
           "type": "Shutdown",
           "id": 13
          },
          "replicateTo": {
           "type": "ReplicateTo",
           "id": 14
          },
          "blocksTaken": {
           "type": "BlocksTaken",
           "id": 15
          },
          "dropTemplates": {
           "type": "DropTemplates",
           "id": 16
          },
          "settle": {
           "type": "Settle",
           "id": 17
          },
          "copyBlocks": {
           "type": "CopyBlocks",
           "id": 18
          }
         }
        },
        "SettingValue": {
         "oneofs": {
          "value": {
           "oneof": [
            "text",
            "number",
            "flag"
           ]
          }
         },
         "fields": {
          "text": {
           "type": "string",
           "id": 1
          },
          "number": {
           "type": "double",
           "id": 2
          },
          "flag": {
           "type": "bool",
           "id": 3
          }
         }
        },
        "Welcome": {
         "fields": {
          "conf": {
           "keyType": "string",
           "type": "SettingValue",
           "id": 1
          },
          "artefact": {
           "type": "millrace.common.v1.BlockLocation",
           "id": 2
          },
          "data": {
           "type": "millrace.common.v1.DataAddress",
           "id": 3
          },
          "receivedLog": {
           "type": "ReceivedLog",
           "id": 4
          },
          "probe": {
           "type": "CheckpointProbe",
           "id": 5
          }
         }
        },
        "CheckpointProbe": {
         "fields": {
          "directory": {
           "type": "string",
           "id": 1
          },
          "name": {
           "type": "string",
           "id": 2
          },
          "content": {
           "type": "string",
           "id": 3
          }
         }
        },
        "ReceivedLog": {
         "fields": {
          "directory": {
           "type": "string",
           "id": 1
          },
          "epoch": {
           "type": "uint32",
           "id": 2
          }
         }
        },
        "Peer": {
         "fields": {
          "executor": {
           "type": "string",
           "id": 1
          },
          "data": {
           "type": "millrace.common.v1.DataAddress",
           "id": 2
          }
         }
        },
        "Peers": {
         "fields": {
          "peers": {
           "rule": "repeated",
           "type": "Peer",
           "id": 1
          }
         }
        },
        "Template": {
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          },
          "body": {
           "type": "bytes",
           "id": 2
          }
         }
        },
        "Stage": {
         "oneofs": {
          "_limit": {
           "oneof": [
            "limit"
           ]
          }
         },
         "fields": {
          "run": {
           "type": "uint64",
           "id": 1
          },
          "batchMs": {
           "type": "int64",
           "id": 2
          },
          "templates": {
           "rule": "repeated",
           "type": "string",
           "id": 3
          },
          "captures": {
           "rule": "repeated",
           "type": "bytes",
           "id": 4
          },
          "broadcasts": {
           "rule": "repeated",
           "type": "millrace.common.v1.BlockLocation",
           "id": 5
          },
          "writes": {
           "type": "ShuffleWrite",
           "id": 6
          },
          "partitions": {
           "type": "uint32",
           "id": 7
          },
          "limit": {
           "type": "uint64",
           "id": 8,
           "options": {
            "proto3_optional": true
           }
          }
         }
        },
        "ShuffleWrite": {
         "fields": {
          "shuffle": {
           "type": "uint64",
           "id": 1
          },
          "partitions": {
           "type": "uint32",
           "id": 2
          },
          "level": {
           "type": "BlockLevel",
           "id": 3
          }
         }
        },
        "BlockLevel": {
         "fields": {
          "memory": {
           "type": "bool",
           "id": 1
          },
          "disk": {
           "type": "bool",
           "id": 2
          },
          "replication": {
           "type": "uint32",
           "id": 3
          }
         }
        },
        "Launch": {
         "fields": {
          "tasks": {
           "rule": "repeated",
           "type": "LaunchTask",
           "id": 1
          }
         }
        },
        "LaunchTask": {
         "fields": {
          "key": {
           "type": "TaskKey",
           "id": 1
          },
          "template": {
           "type": "uint32",
           "id": 2
          },
          "inputs": {
           "rule": "repeated",
           "type": "TaskInput",
           "id": 3
          },
          "state": {
           "type": "StateRef",
           "id": 4
          },
          "output": {
           "type": "OutputRef",
           "id": 5
          },
          "slot": {
           "type": "uint32",
           "id": 6
          }
         }
        },
        "TaskInput": {
         "oneofs": {
          "input": {
           "oneof": [
            "inline",
            "blocks",
            "file",
            "partition",
            "external"
           ]
          }
         },
         "fields": {
          "inline": {
           "type": "bytes",
           "id": 1
          },
          "blocks": {
           "type": "BlockList",
           "id": 2
          },
          "file": {
           "type": "FileRange",
           "id": 3
          },
          "partition": {
           "type": "uint32",
           "id": 4
          },
          "external": {
           "type": "bytes",
           "id": 5
          }
         }
        },
        "BlockList": {
         "fields": {
          "blocks": {
           "rule": "repeated",
           "type": "millrace.common.v1.BlockLocation",
           "id": 1
          }
         }
        },
        "FileRange": {
         "fields": {
          "path": {
           "type": "string",
           "id": 1
          },
          "start": {
           "type": "uint64",
           "id": 2
          },
          "end": {
           "type": "uint64",
           "id": 3
          },
          "version": {
           "type": "string",
           "id": 4
          }
         }
        },
        "StateRef": {
         "fields": {
          "operator": {
           "type": "string",
           "id": 1
          },
          "partition": {
           "type": "uint32",
           "id": 2
          },
          "partitions": {
           "type": "uint32",
           "id": 3
          },
          "head": {
           "type": "StateVersion",
           "id": 4
          },
          "batchMs": {
           "type": "int64",
           "id": 5
          },
          "directory": {
           "type": "string",
           "id": 6
          },
          "oldestMs": {
           "type": "int64",
           "id": 7
          },
          "first": {
           "type": "bool",
           "id": 8
          },
          "writes": {
           "type": "StateVersion",
           "id": 9
          },
          "from": {
           "type": "FormerHeads",
           "id": 10
          }
         }
        },
        "FormerHeads": {
         "fields": {
          "batchMs": {
           "type": "int64",
           "id": 1
          },
          "partitions": {
           "type": "uint32",
           "id": 2
          },
          "heads": {
           "rule": "repeated",
           "type": "FormerHead",
           "id": 3
          }
         }
        },
        "FormerHead": {
         "fields": {
          "partition": {
           "type": "uint32",
           "id": 1
          },
          "version": {
           "type": "StateVersion",
           "id": 2
          }
         }
        },
        "OutputRef": {
         "fields": {
          "directory": {
           "type": "string",
           "id": 1
          },
          "file": {
           "type": "string",
           "id": 2
          }
         }
        },
        "Cancel": {
         "fields": {
          "key": {
           "type": "TaskKey",
           "id": 1
          }
         }
        },
        "StageDone": {
         "fields": {
          "run": {
           "type": "uint64",
           "id": 1
          }
         }
        },
        "DropTemplates": {
         "fields": {
          "templates": {
           "rule": "repeated",
           "type": "string",
           "id": 1
          }
         }
        },
        "DropShuffles": {
         "fields": {
          "shuffles": {
           "rule": "repeated",
           "type": "uint64",
           "id": 1
          }
         }
        },
        "DropBlocks": {
         "fields": {
          "blocks": {
           "rule": "repeated",
           "type": "string",
           "id": 1
          }
         }
        },
        "StartReceiver": {
         "oneofs": {
          "receiver": {
           "oneof": [
            "socketText",
            "socket",
            "custom",
            "rawSocket",
            "iterable"
           ]
          },
          "_replicateTo": {
           "oneof": [
            "replicateTo"
           ]
          }
         },
         "fields": {
          "stream": {
           "type": "uint32",
           "id": 1
          },
          "socketText": {
           "type": "SocketTextReceiver",
           "id": 2
          },
          "socket": {
           "type": "SocketReceiver",
           "id": 3
          },
          "custom": {
           "type": "CustomReceiver",
           "id": 4
          },
          "rawSocket": {
           "type": "RawSocketReceiver",
           "id": 7
          },
          "iterable": {
           "type": "IterableReceiver",
           "id": 8
          },
          "blockIntervalMs": {
           "type": "double",
           "id": 5
          },
          "replicateTo": {
           "type": "string",
           "id": 6,
           "options": {
            "proto3_optional": true
           }
          },
          "level": {
           "type": "BlockLevel",
           "id": 20
          },
          "run": {
           "type": "ReceiverRun",
           "id": 21
          }
         }
        },
        "ReceiverRun": {
         "oneofs": {
          "_position": {
           "oneof": [
            "position"
           ]
          }
         },
         "fields": {
          "input": {
           "type": "string",
           "id": 1
          },
          "epoch": {
           "type": "uint32",
           "id": 2
          },
          "run": {
           "type": "uint32",
           "id": 3
          },
          "after": {
           "type": "ReceivedPlace",
           "id": 4
          },
          "position": {
           "type": "bytes",
           "id": 5,
           "options": {
            "proto3_optional": true
           }
          }
         }
        },
        "ReceivedPlace": {
         "fields": {
          "epoch": {
           "type": "uint32",
           "id": 1
          },
          "run": {
           "type": "uint32",
           "id": 2
          },
          "block": {
           "type": "uint64",
           "id": 3
          }
         }
        },
        "SocketTextReceiver": {
         "fields": {
          "host": {
           "type": "string",
           "id": 1
          },
          "port": {
           "type": "uint32",
           "id": 2
          }
         }
        },
        "SocketReceiver": {
         "fields": {
          "host": {
           "type": "string",
           "id": 1
          },
          "port": {
           "type": "uint32",
           "id": 2
          },
          "decoder": {
           "type": "bytes",
           "id": 3
          }
         }
        },
        "RawSocketReceiver": {
         "fields": {
          "host": {
           "type": "string",
           "id": 1
          },
          "port": {
           "type": "uint32",
           "id": 2
          }
         }
        },
        "IterableReceiver": {
         "fields": {
          "source": {
           "type": "bytes",
           "id": 1
          }
         }
        },
        "CustomReceiver": {
         "fields": {
          "receiver": {
           "type": "bytes",
           "id": 1
          }
         }
        },
        "StopReceiver": {
         "fields": {
          "stream": {
           "type": "uint32",
           "id": 1
          }
         }
        },
        "ReplicateTo": {
         "oneofs": {
          "_peer": {
           "oneof": [
            "peer"
           ]
          }
         },
         "fields": {
          "stream": {
           "type": "uint32",
           "id": 1
          },
          "peer": {
           "type": "string",
           "id": 2,
           "options": {
            "proto3_optional": true
           }
          }
         }
        },
        "ReceiverBacklog": {
         "fields": {
          "stream": {
           "type": "uint32",
           "id": 1
          },
          "waitingBytes": {
           "type": "uint64",
           "id": 2
          }
         }
        },
        "CopyBlocks": {
         "fields": {
          "blocks": {
           "rule": "repeated",
           "type": "BlockLocation",
           "id": 1
          }
         }
        },
        "BlocksCopied": {
         "fields": {
          "copied": {
           "rule": "repeated",
           "type": "string",
           "id": 1
          },
          "failed": {
           "rule": "repeated",
           "type": "string",
           "id": 2
          }
         }
        },
        "BlocksTaken": {
         "fields": {
          "stream": {
           "type": "uint32",
           "id": 1
          },
          "blocks": {
           "rule": "repeated",
           "type": "string",
           "id": 2
          }
         }
        },
        "Settle": {
         "fields": {}
        },
        "Settled": {
         "fields": {}
        },
        "Shutdown": {
         "fields": {
          "graceful": {
           "type": "bool",
           "id": 1
          }
         }
        }
       }
      }
     }
    }
   }
  }
 }
};
