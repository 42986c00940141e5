export {
  type ChannelMessage,
  type Channels,
  createDestination,
  type Destination,
  type DestinationHub,
  type DestinationOptions,
  type WorkflowContext,
  type WorkflowRun,
} from "./destinations/destination.ts";
