// Original file: proto/millrace/session/v1/session_service.proto

import type { Welcome as _millrace_session_v1_Welcome, Welcome__Output as _millrace_session_v1_Welcome__Output } from '../../../millrace/session/v1/Welcome.ts';
import type { Peers as _millrace_session_v1_Peers, Peers__Output as _millrace_session_v1_Peers__Output } from '../../../millrace/session/v1/Peers.ts';
import type { Template as _millrace_session_v1_Template, Template__Output as _millrace_session_v1_Template__Output } from '../../../millrace/session/v1/Template.ts';
import type { Stage as _millrace_session_v1_Stage, Stage__Output as _millrace_session_v1_Stage__Output } from '../../../millrace/session/v1/Stage.ts';
import type { Launch as _millrace_session_v1_Launch, Launch__Output as _millrace_session_v1_Launch__Output } from '../../../millrace/session/v1/Launch.ts';
import type { Cancel as _millrace_session_v1_Cancel, Cancel__Output as _millrace_session_v1_Cancel__Output } from '../../../millrace/session/v1/Cancel.ts';
import type { StageDone as _millrace_session_v1_StageDone, StageDone__Output as _millrace_session_v1_StageDone__Output } from '../../../millrace/session/v1/StageDone.ts';
import type { DropShuffles as _millrace_session_v1_DropShuffles, DropShuffles__Output as _millrace_session_v1_DropShuffles__Output } from '../../../millrace/session/v1/DropShuffles.ts';
import type { DropBlocks as _millrace_session_v1_DropBlocks, DropBlocks__Output as _millrace_session_v1_DropBlocks__Output } from '../../../millrace/session/v1/DropBlocks.ts';
import type { StartReceiver as _millrace_session_v1_StartReceiver, StartReceiver__Output as _millrace_session_v1_StartReceiver__Output } from '../../../millrace/session/v1/StartReceiver.ts';
import type { StopReceiver as _millrace_session_v1_StopReceiver, StopReceiver__Output as _millrace_session_v1_StopReceiver__Output } from '../../../millrace/session/v1/StopReceiver.ts';
import type { ReceiverBacklog as _millrace_session_v1_ReceiverBacklog, ReceiverBacklog__Output as _millrace_session_v1_ReceiverBacklog__Output } from '../../../millrace/session/v1/ReceiverBacklog.ts';
import type { Shutdown as _millrace_session_v1_Shutdown, Shutdown__Output as _millrace_session_v1_Shutdown__Output } from '../../../millrace/session/v1/Shutdown.ts';
import type { ReplicateTo as _millrace_session_v1_ReplicateTo, ReplicateTo__Output as _millrace_session_v1_ReplicateTo__Output } from '../../../millrace/session/v1/ReplicateTo.ts';
import type { BlocksTaken as _millrace_session_v1_BlocksTaken, BlocksTaken__Output as _millrace_session_v1_BlocksTaken__Output } from '../../../millrace/session/v1/BlocksTaken.ts';
import type { DropTemplates as _millrace_session_v1_DropTemplates, DropTemplates__Output as _millrace_session_v1_DropTemplates__Output } from '../../../millrace/session/v1/DropTemplates.ts';
import type { Settle as _millrace_session_v1_Settle, Settle__Output as _millrace_session_v1_Settle__Output } from '../../../millrace/session/v1/Settle.ts';
import type { CopyBlocks as _millrace_session_v1_CopyBlocks, CopyBlocks__Output as _millrace_session_v1_CopyBlocks__Output } from '../../../millrace/session/v1/CopyBlocks.ts';

export interface ToExecutor {
  'welcome'?: (_millrace_session_v1_Welcome | null);
  'peers'?: (_millrace_session_v1_Peers | null);
  'template'?: (_millrace_session_v1_Template | null);
  'stage'?: (_millrace_session_v1_Stage | null);
  'launch'?: (_millrace_session_v1_Launch | null);
  'cancel'?: (_millrace_session_v1_Cancel | null);
  'stageDone'?: (_millrace_session_v1_StageDone | null);
  'dropShuffles'?: (_millrace_session_v1_DropShuffles | null);
  'dropBlocks'?: (_millrace_session_v1_DropBlocks | null);
  'startReceiver'?: (_millrace_session_v1_StartReceiver | null);
  'stopReceiver'?: (_millrace_session_v1_StopReceiver | null);
  'receiverBacklog'?: (_millrace_session_v1_ReceiverBacklog | null);
  'shutdown'?: (_millrace_session_v1_Shutdown | null);
  'replicateTo'?: (_millrace_session_v1_ReplicateTo | null);
  'blocksTaken'?: (_millrace_session_v1_BlocksTaken | null);
  'dropTemplates'?: (_millrace_session_v1_DropTemplates | null);
  'settle'?: (_millrace_session_v1_Settle | null);
  'copyBlocks'?: (_millrace_session_v1_CopyBlocks | null);
  'message'?: "welcome"|"peers"|"template"|"stage"|"launch"|"cancel"|"stageDone"|"dropShuffles"|"dropBlocks"|"startReceiver"|"stopReceiver"|"receiverBacklog"|"shutdown"|"replicateTo"|"blocksTaken"|"dropTemplates"|"settle"|"copyBlocks";
}

export interface ToExecutor__Output {
  'welcome'?: (_millrace_session_v1_Welcome__Output | null);
  'peers'?: (_millrace_session_v1_Peers__Output | null);
  'template'?: (_millrace_session_v1_Template__Output | null);
  'stage'?: (_millrace_session_v1_Stage__Output | null);
  'launch'?: (_millrace_session_v1_Launch__Output | null);
  'cancel'?: (_millrace_session_v1_Cancel__Output | null);
  'stageDone'?: (_millrace_session_v1_StageDone__Output | null);
  'dropShuffles'?: (_millrace_session_v1_DropShuffles__Output | null);
  'dropBlocks'?: (_millrace_session_v1_DropBlocks__Output | null);
  'startReceiver'?: (_millrace_session_v1_StartReceiver__Output | null);
  'stopReceiver'?: (_millrace_session_v1_StopReceiver__Output | null);
  'receiverBacklog'?: (_millrace_session_v1_ReceiverBacklog__Output | null);
  'shutdown'?: (_millrace_session_v1_Shutdown__Output | null);
  'replicateTo'?: (_millrace_session_v1_ReplicateTo__Output | null);
  'blocksTaken'?: (_millrace_session_v1_BlocksTaken__Output | null);
  'dropTemplates'?: (_millrace_session_v1_DropTemplates__Output | null);
  'settle'?: (_millrace_session_v1_Settle__Output | null);
  'copyBlocks'?: (_millrace_session_v1_CopyBlocks__Output | null);
  'message'?: "welcome"|"peers"|"template"|"stage"|"launch"|"cancel"|"stageDone"|"dropShuffles"|"dropBlocks"|"startReceiver"|"stopReceiver"|"receiverBacklog"|"shutdown"|"replicateTo"|"blocksTaken"|"dropTemplates"|"settle"|"copyBlocks";
}
